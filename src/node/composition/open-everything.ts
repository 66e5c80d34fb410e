import { type SyncDriver, systemClock } from '../../federation/index.ts'
import type { PublisherId } from '../../protocol/index.ts'
import { createLog } from '../log.ts'
import type { NodeContext } from '../node-context.ts'
import { FollowEverything, PublisherLists, unknownBook } from '../unknown/index.ts'
import type { Exchange } from './exchange.ts'
import type { OpenHome } from './open-home.ts'

/** Who is followed because everything is, and whence they are heard of. */
export interface Everything {
  readonly publishers: FollowEverything
  readonly lists: PublisherLists
}

/** Opens what `follow '*'` needs; with the network off there is nothing to follow, and nothing goes. */
export async function openEverything(
  stack: AsyncDisposableStack,
  home: OpenHome,
  exchange: Exchange,
  node: NodeContext,
  sync: SyncDriver,
): Promise<Everything | null> {
  const { library, relations, config, writer } = node
  if (config.network.mode === 'off') return null
  const { authority } = config.network
  const isOn = () => relations.followsEverything
  const isKnown = (publisher: PublisherId) => {
    const { follow, block } = relations.relationOf(publisher)
    return follow || block || publisher === writer.publisher || publisher === authority
  }
  const publishers = stack.use(
    await FollowEverything.open({
      quota: config.follow,
      book: unknownBook(home.database),
      clock: systemClock,
      now: Date.now,
      isOn,
      isKnown,
      isKept: publisher => relations.isPinned(publisher) || home.installs.hasInstalledFrom(publisher),
      heldPublishers: () => library.catalogue.publishers(),
      sizeOf: publisher => sizeOf(library.records, publisher),
      apply: (follow, unfollow) => {
        sync.unfollow(...unfollow)
        sync.follow(follow)
      },
      remove: async publisher => {
        await library.records.forget(publisher)
        exchange.intake.forgot(publisher)
        library.forget(publisher)
      },
      onFault: (message, err) => createLog().error({ err }, message),
    }),
  )
  stack.defer(library.onChange(records => publishers.stored(records)))
  const lists = stack.use(
    new PublisherLists({
      client: exchange.feedClient,
      clock: systemClock,
      isOn,
      connectedPeers: () => exchange.connections.connected(),
      heard: ids => publishers.heard(ids),
    }),
  )
  return { publishers, lists }
}

async function sizeOf(records: NodeContext['library']['records'], publisher: PublisherId) {
  let [count, bytes] = [0, 0]
  for await (const { envelope } of records.records(publisher, () => {})) {
    count++
    bytes += envelope.length
  }
  return { records: count, bytes }
}
