import { join } from 'node:path'
import { joinFromSnapshot, type RequestHandler, snapshotHandler, systemClock } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { createLog } from '../log.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import { SnapshotJoiner, SnapshotMaker, SnapshotShelf } from '../snapshots/index.ts'
import type { Exchange } from './exchange.ts'
import type { OpenHome } from './open-home.ts'

/** What answers peers, and what takes theirs in. */
interface Snapshots {
  readonly answer: RequestHandler
  readonly joiner: SnapshotJoiner
}

/** Makes snapshots if the operator wants that, and is ready to take in those of others. */
export function openSnapshots(
  stack: AsyncDisposableStack,
  home: OpenHome,
  exchange: Exchange,
  node: NodeContext,
): Snapshots {
  const shelf = new SnapshotShelf(join(home.paths.home, 'snapshots'))
  if (node.config.snapshots.make) makeSnapshots(stack, home, node, shelf)
  return { answer: snapshotHandler(shelf), joiner: stack.use(joinerOf(home, exchange, node)) }
}

function makeSnapshots(stack: AsyncDisposableStack, home: OpenHome, node: NodeContext, shelf: SnapshotShelf): void {
  const { library, relations } = home
  const maker = stack.use(
    new SnapshotMaker({
      ...{ net: node.net, shelf, store: library.store, clock: systemClock, time: Date.now },
      maker: node.libp2p.peerId.toString() as PeerId,
      sign: bytes => node.identity().node.sign(bytes),
      publishers: () => library.access.publicPublishers(),
      isBlocked: publisher => relations.relationOf(publisher).block,
      mayPack: feed => library.access.isPublic(feed) && library.isWhole(feed),
      requireRoom: () => home.disk.requireRoom(),
      onFailed: err => createLog().error({ err }, 'no snapshot was made; it is tried again in some hours'),
    }),
  )
  relations.onChange((publisher, before) => {
    if (!before.block && relations.relationOf(publisher).block) maker.revoke()
  })
}

function joinerOf({ library, peers }: OpenHome, exchange: Exchange, node: NodeContext): SnapshotJoiner {
  const { join: whose } = node.config.snapshots
  const bootstrap = new Set(node.config.network.bootstrap.map(address => parsePeerAddress(address)?.peer))
  const isTaken = (peer: PeerId) =>
    whose === 'any' || (whose === 'known' && (peers.isPinned(peer) || bootstrap.has(peer)))
  const log = createLog()
  return new SnapshotJoiner({
    held: () => new Set<PublisherId>(library.catalogue.publishers()),
    peers: () => exchange.connections.connected().filter(isTaken),
    join: async (peer, missing, signal) => {
      const joined = await joinFromSnapshot(
        {
          ...{
            net: node.net,
            streams: exchange.streams,
            protocol: exchange.protocols.snapshot,
            intake: exchange.intake,
          },
          isWanted: publisher => missing.has(publisher),
          isPublic: feed => library.access.isPublic(feed),
          wants: (first, last) => [...missing].some(publisher => first <= publisher && publisher <= last),
          holders: () => exchange.connections.connected(),
        },
        peer,
        signal,
      )
      node.metrics.snapshots.inc({ result: joined.is })
      if (joined.is !== 'none') log.info({ peer, ...joined }, 'took in what a snapshot has')
      return joined
    },
    onOver: () => node.applyRelations(),
    clock: systemClock,
    onFailed: err => log.error({ err }, 'a snapshot was not taken in; feeds are asked for instead'),
  })
}
