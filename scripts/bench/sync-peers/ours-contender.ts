import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import {
  FEED_ALLOWANCE,
  FeedHandler,
  HeadChanges,
  Intake,
  KeptStreams,
  PeerBudgets,
  SUBSCRIPTION_CREDIT_BYTES,
  SyncDriver,
  systemClock,
} from '../../../src/federation/index.ts'
import { mergeInWorker, openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { acceptStreams, openStreamOver } from '../../../src/node/network/stream-port.ts'
import { type LevelDatabase, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import {
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  parseRecordOnPool,
  parseUnverifiedRecord,
  topicsOf,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import type { Contender, Place, Wanted } from './contender.ts'
import { readEnvelopes } from './made-feeds.ts'

const NET = 'main'
const FEED = `/hanse/${NET}/feed/1`
const BATCH = 500

/** The parts of a node that bring records in; `isWhole`: with catalogue, access and search index. */
export function oursContender(isWhole: boolean): Contender {
  return {
    serve: serveOurs,
    async open({ folder }) {
      const stack = new AsyncDisposableStack()
      const database = stack.use(await openLevelDatabase(join(folder, 'db')))
      const records = new RecordStore(database)
      const library = isWhole ? await openLibrary(stack, database, records) : null
      const { libp2p, streams } = await openNetwork(stack, [])
      const absorb = async (stored: readonly WellFormedRecord[]) => await library?.absorb(stored)
      return {
        receive: wanted => receiveOurs(stack, { records, libp2p, streams, absorb }, wanted),
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      }
    },
  }
}

async function serveOurs(file: string, { folder }: Place) {
  const stack = new AsyncDisposableStack()
  const records = new RecordStore(stack.use(await openLevelDatabase(join(folder, 'db'))))
  const envelopes = await readEnvelopes(file)
  for (let i = 0; i < envelopes.length; i += BATCH)
    await records.append(envelopes.slice(i, i + BATCH).map(each => parseUnverifiedRecord(each, { net: NET }).record))
  const { libp2p, streams } = await openNetwork(stack, ['/ip4/127.0.0.1/tcp/0'])
  const feeds = new FeedHandler({ store: records, changes: new HeadChanges(), mayServeFeed: () => true })
  streams.handle(FEED, request => feeds.handle(request))
  stack.defer(await acceptStreams(libp2p, [FEED], streams))
  return { address: String(libp2p.getMultiaddrs()[0]), [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

interface Receiver {
  readonly records: RecordStore
  readonly libp2p: Network
  readonly streams: KeptStreams
  readonly absorb: (records: readonly WellFormedRecord[]) => Promise<void>
}

async function receiveOurs(stack: AsyncDisposableStack, parts: Receiver, wanted: Wanted): Promise<void> {
  const { promise: all, resolve, reject } = Promise.withResolvers<void>()
  let count = 0
  const intake = new Intake({
    net: NET,
    store: parts.records,
    verify: envelope => parseRecordOnPool(envelope, { net: NET }),
    onStored: async stored => {
      await parts.absorb(stored)
      count += stored.length
      if (count === wanted.records) resolve()
    },
    isOwnFeed: () => false,
    onOwnFeed: () => {},
  })
  const sync = stack.use(
    new SyncDriver({
      client: {
        request: (peer, payload, { signal }) => {
          const isNews = parseFeedRequest(payload)?.ask === 'subscribe'
          const bounds = isNews ? { creditBytes: SUBSCRIPTION_CREDIT_BYTES, firstByteMs: 0, minBytesPerSecond: 0 } : {}
          return parts.streams.request(peer, FEED, payload, { signal, ...bounds })
        },
      },
      intake,
      clock: systemClock,
      random: Math.random,
      dropPeer: (_peer, why) => reject(new Error(`the serving peer was dropped: ${why}`)),
    }),
  )
  sync.follow(wanted.publishers as PublisherId[])
  const { remotePeer } = await parts.libp2p.dial(multiaddr(wanted.address))
  sync.connected(remotePeer.toString() as PeerId, 'pinned')
  await all
}

async function openLibrary(stack: AsyncDisposableStack, database: LevelDatabase, records: RecordStore) {
  const index = stack.use(
    await openSearchIndex(database.table('index'), {
      runMerge: mergeInWorker({ location: database.folder, sublevel: 'index' }),
      onMergeFailed: error => console.error(error),
    }),
  )
  return await Library.open({ net: NET, database, records, index })
}

async function openNetwork(stack: AsyncDisposableStack, listen: readonly string[]) {
  const options = { net: NET, nodeSeed: randomBytes(32), mode: 'public' as const, listen, announce: [], mdns: false }
  const libp2p = (await createLibp2p(await libp2pOptionsOf({ ...options, topics: topicsOf(NET) }))) as Network
  stack.defer(() => libp2p.stop())
  const streams = stack.use(
    new KeptStreams({
      openStream: openStreamOver(() => libp2p),
      onOffence: (_peer, code) => console.error(`offence: ${code}`),
      budget: new PeerBudgets({ allowances: { [FEED]: FEED_ALLOWANCE }, onOver: () => {} }),
    }),
  )
  return { libp2p, streams }
}
