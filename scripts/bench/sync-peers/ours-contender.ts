import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import {
  FEED_ALLOWANCE,
  FeedHandler,
  HeadChanges,
  Intake,
  joinFromSnapshot,
  KeptStreams,
  PeerBudgets,
  rangeVerifier,
  SNAPSHOT_ALLOWANCE,
  type SnapshotPorts,
  SUBSCRIPTION_CREDIT_BYTES,
  SyncDriver,
  snapshotHandler,
  snapshotProtocolOf,
  systemClock,
} from '../../../src/federation/index.ts'
import { type SigningKey, signingKeyOf } from '../../../src/node/identity/ed25519-key.ts'
import { mergeInWorker, openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { acceptStreams, openStreamOver } from '../../../src/node/network/stream-port.ts'
import { SnapshotMaker, SnapshotShelf } from '../../../src/node/snapshots/index.ts'
import { type LevelDatabase, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { SignatureWorkers } from '../../../src/node/verification/index.ts'
import {
  type FeedId,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  parseUnverifiedRecord,
  peerIdOfKey,
  ROOT_FEED,
  topicsOf,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import type { Contender, Place, Wanted } from './contender.ts'
import { readEnvelopes } from './made-feeds.ts'

const NET = 'main'
const FEED = `/hanse/${NET}/feed/1`
const SNAPSHOT = snapshotProtocolOf(NET)
const BATCH = 500

/** The parts of a node that bring records in, feed by feed or from a snapshot; `isWhole`: with catalogue, access and search index. */
export function oursContender({ isWhole, bySnapshot }: { isWhole: boolean; bySnapshot: boolean }): Contender {
  return {
    serve: (file, place) => serveOurs(file, place, bySnapshot),
    async open({ folder }) {
      const stack = new AsyncDisposableStack()
      const database = stack.use(await openLevelDatabase(join(folder, 'db')))
      const records = new RecordStore(database)
      const library = isWhole ? await openLibrary(stack, database, records) : null
      const { libp2p, streams } = await openNetwork(stack, [])
      const absorb = async (stored: readonly WellFormedRecord[]) => await library?.absorb(stored)
      return {
        receive: wanted => receiveOurs(stack, { records, libp2p, streams, absorb, bySnapshot }, wanted),
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      }
    },
  }
}

async function serveOurs(file: string, { folder }: Place, bySnapshot: boolean) {
  const stack = new AsyncDisposableStack()
  const records = new RecordStore(stack.use(await openLevelDatabase(join(folder, 'db'))))
  const envelopes = await readEnvelopes(file)
  for (let i = 0; i < envelopes.length; i += BATCH)
    await records.append(envelopes.slice(i, i + BATCH).map(each => parseUnverifiedRecord(each, { net: NET }).record))
  const { libp2p, streams, key } = await openNetwork(stack, ['/ip4/127.0.0.1/tcp/0'])
  const feeds = new FeedHandler({ store: records, changes: new HeadChanges(), mayServeFeed: () => true })
  streams.handle(FEED, request => feeds.handle(request))
  if (bySnapshot) streams.handle(SNAPSHOT, snapshotHandler(await madeSnapshot(records, folder, key)))
  stack.defer(await acceptStreams(libp2p, [FEED, SNAPSHOT], streams))
  return { address: String(libp2p.getMultiaddrs()[0]), [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Packs all that is held. */
async function madeSnapshot(records: RecordStore, folder: string, key: SigningKey): Promise<SnapshotShelf> {
  const shelf = new SnapshotShelf(join(folder, 'snapshots'))
  const maker = new SnapshotMaker({
    ...{ net: NET, shelf, store: records, mayPack: () => true, clock: systemClock, time: Date.now },
    maker: peerIdOfKey(key.publicKey),
    sign: bytes => key.sign(bytes),
    publishers: await records.publishers().then(all => () => all),
    isBlocked: () => false,
    requireRoom: async () => {},
    onFailed: error => console.error(error),
  })
  await maker.settled()
  await maker[Symbol.asyncDispose]()
  return shelf
}

interface Receiver {
  readonly bySnapshot: boolean
  readonly records: RecordStore
  readonly libp2p: Network
  readonly streams: KeptStreams
  readonly absorb: (records: readonly WellFormedRecord[]) => Promise<void>
}

async function receiveOurs(stack: AsyncDisposableStack, parts: Receiver, wanted: Wanted): Promise<void> {
  const { promise: all, resolve, reject } = Promise.withResolvers<void>()
  const open = new Set<FeedId>()
  let count = 0
  const signatures = stack.use(new SignatureWorkers())
  const intake = new Intake({
    net: NET,
    store: parts.records,
    verify: rangeVerifier({ net: NET, verifySignatures: checks => signatures.verify(checks) }),
    onStored: async stored => {
      await parts.absorb(stored)
      for (const { understood } of stored.filter(({ feed }) => feed === ROOT_FEED))
        if (understood?.typ === 'delegate' && understood.visibility === 'public') open.add(understood.feed)
      count += stored.length
      if (count === wanted.records) resolve()
    },
    isOwnFeed: () => false,
    onOwnFeed: () => {},
  })
  if (parts.bySnapshot) {
    const { remotePeer } = await parts.libp2p.dial(multiaddr(wanted.address))
    await joinBySnapshot(
      parts,
      { intake, isPublic: ({ feed }) => open.has(feed) },
      wanted,
      remotePeer.toString() as PeerId,
    )
    if (count < wanted.records) throw new Error(`the snapshot brought ${count} of ${wanted.records} records`)
    return
  }
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

async function joinBySnapshot(
  { streams }: Receiver,
  into: Pick<SnapshotPorts, 'intake' | 'isPublic'>,
  wanted: Wanted,
  peer: PeerId,
): Promise<void> {
  const missing = new Set(wanted.publishers)
  const ports = {
    ...{ net: NET, streams, protocol: SNAPSHOT, wants: () => true, holders: () => [], ...into },
    isWanted: (publisher: PublisherId) => missing.has(publisher),
  }
  const joined = await joinFromSnapshot(ports, peer, new AbortController().signal)
  if (joined.is !== 'joined') throw new Error(`the snapshot was not taken in: ${joined.is}`)
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
  const key = signingKeyOf(randomBytes(32))
  const options = { net: NET, nodeSeed: key.seed, mode: 'public' as const, listen, announce: [], mdns: false }
  const libp2p = (await createLibp2p(libp2pOptionsOf({ ...options, topics: topicsOf(NET) }))) as Network
  stack.defer(() => libp2p.stop())
  const streams = stack.use(
    new KeptStreams({
      openStream: openStreamOver(() => libp2p),
      onOffence: (_peer, code) => console.error(`offence: ${code}`),
      budget: new PeerBudgets({
        allowances: { [FEED]: FEED_ALLOWANCE, [SNAPSHOT]: SNAPSHOT_ALLOWANCE },
        onOver: () => {},
      }),
    }),
  )
  return { libp2p, streams, key }
}
