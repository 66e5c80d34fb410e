import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import {
  announcementCodecOf,
  answerSearches,
  contentHandler,
  contentProtocolOf,
  createBlockBroker,
  DiscoveryDriver,
  FeedHandler,
  GossipDriver,
  HeadChanges,
  Intake,
  KeptStreams,
  ownHeads,
  type PeerAddress,
  SyncDriver,
  systemClock,
} from '../federation/index.ts'
import { ed25519SelfTest, type PeerId, type PublisherId, parseFeedRequest, parseRecordOnPool, parseUnverifiedRecord, topicsOf } from '../protocol/index.ts'
import { type LoadedConfig, loadConfig, settingValuesOf, writeProfile } from './config/index.ts'
import { startHttp } from './http/start-http.ts'
import { createIdentity, type Identity, readIdentity, saveIdentity } from './identity/identity-file.ts'
import { openSearchIndex } from './index/index.ts'
import { ArtifactFetcher } from './library/artifact-fetcher.ts'
import { Library } from './library/library.ts'
import { MirrorKeeper } from './library/mirror-keeper.ts'
import { RelationBook } from './library/relation-book.ts'
import { RouteTable } from './library/route-table.ts'
import { ServeGate } from './library/serve-gate.ts'
import { Writer } from './library/writer.ts'
import { createMetrics } from './metrics/metrics.ts'
import { discoveryPortOf, parsePeerAddress } from './network/discovery-port.ts'
import { gossipPortOf } from './network/gossip-port.ts'
import type { Network } from './network/network.ts'
import { PeerBook } from './network/peer-book.ts'
import { PublicBlockstore } from './network/public-blockstore.ts'
import { startNetwork } from './network/start-network.ts'
import { acceptStreams, openStreamOver } from './network/stream-port.ts'
import type { NodeContext } from './node-context.ts'
import { servicesOf } from './services.ts'
import {
  HeliaBlockstore,
  openArtifactStore,
  openAuditLog,
  openDataDirectory,
  openForeignBlocks,
  openLevelDatabase,
  RecordStore,
  replaceFile,
} from './storage/index.ts'
import { SeenPublishers } from './use-cases/find-package.ts'
import { statedHoldersOf } from './use-cases/holders.ts'
import { searchPublic } from './use-cases/search.ts'
import { HANSE_VERSION } from './version.ts'

/** How a node is started: what is given here wins over environment, file and defaults. */
export interface StartOptions {
  readonly home: string
  readonly http?: { readonly host: string; readonly port: number }
  readonly listen?: readonly string[]
  readonly announce?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly network?: 'off' | 'private' | 'public'
  readonly mdns?: boolean
  /** `HANSE_*` variables. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal
}

/** A node that serves. */
export interface RunningNode extends AsyncDisposable {
  readonly ready: {
    readonly http: string
    readonly peerId: string
    readonly addresses: readonly string[]
    readonly publisher: string
  }
  /** Resolves when the node has ended. */
  readonly closed: Promise<void>
}

/** Starts a node: storage, what it knows, the network, the HTTP API; everything undoes itself in reverse. */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  ed25519SelfTest()
  await using stack = new AsyncDisposableStack()
  const paths = stack.use(await openDataDirectory(options.home))
  await writeProfile(options.home, 'publisher')
  const loaded = await loadConfig({ home: options.home, env: options.env ?? {}, flags: settingValuesOf(options) })
  const stored = await openStored(stack, paths, loaded)
  options.signal?.throwIfAborted()
  const node = await openNetwork(stack, stored, loaded, options)
  options.signal?.throwIfAborted()
  const http = await openHttp(stack, node, loaded)
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  stack.defer(resolve)
  const owned = stack.move()
  return {
    ready: {
      http,
      peerId: node.libp2p.peerId.toString(),
      addresses: node.libp2p.getMultiaddrs().map(String),
      publisher: node.writer.publisher,
    },
    closed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

type Paths = Awaited<ReturnType<typeof openDataDirectory>>
type Stored = Awaited<ReturnType<typeof openStored>>

/** Everything on disk: keys, records, artifacts, decisions. */
async function openStored(stack: AsyncDisposableStack, paths: Paths, { config }: LoadedConfig) {
  let identity = await readIdentity(paths.home)
  if (identity === null) {
    identity = createIdentity(Date.now())
    await saveIdentity(paths.home, identity)
  }
  const database = stack.use(await openLevelDatabase(paths.database))
  const mirror: { look: () => void } = { look: () => {} }
  const artifacts = await openArtifactStore({ database, folder: paths.content, onCorrupt: () => mirror.look() })
  const foreign = await openForeignBlocks(database)
  const index = stack.use(await openSearchIndex(database.table('index')))
  const records = new RecordStore(database)
  const library = await Library.open({ net: config.network.id, database, records, index })
  const relations = await RelationBook.open(join(paths.state, 'relations.json'))
  const peers = await PeerBook.open(join(paths.state, 'peers.json'))
  stack.defer(() => peers.settled())
  const audit = stack.use(await openAuditLog(paths.auditLog))
  const gate = new ServeGate(library.access, artifacts, relations)
  return { paths, identity, database, artifacts, foreign, library, relations, peers, audit, gate, mirror }
}

/** The network and what speaks over it; the answer is the node that use cases work with. */
async function openNetwork(
  stack: AsyncDisposableStack,
  stored: Stored,
  loaded: LoadedConfig,
  options: StartOptions,
): Promise<NodeContext> {
  const { config } = loaded
  const { id: net } = config.network
  const { library, artifacts, relations, peers, gate } = stored
  const protocols = { feed: `/hanse/${net}/feed/1`, content: contentProtocolOf(net), search: `/hanse/${net}/search/1` }
  let identity: Identity = stored.identity
  let libp2p: Network | null = null
  const network = (): Network => libp2p!
  const problems = new Map<string, string>()
  const hangUp = async (peer: PeerId) => {
    await network().hangUp(peerIdFromString(peer)).catch(() => {})
  }
  const metrics = createMetrics({
    peers: () => network().getPeers().length,
    feeds: () => library.catalogue.publishers().reduce((sum, id) => sum + (library.catalogue.publisher(id)?.feeds.length ?? 0), 0),
    packages: () => library.index.stats().documents,
  })
  const streams = stack.use(
    new KeptStreams({
      openStream: openStreamOver(network),
      onOffence: (peer, code) => {
        metrics.refusals.inc({ code })
        discovery?.forget(peer)
        void hangUp(peer)
      },
    }),
  )
  const connectedPeers = () => {
    const ids = network().getPeers().map(peer => peer.toString() as PeerId)
    return ids.toSorted((a, b) => Number(peers.isPinned(b)) - Number(peers.isPinned(a)))
  }
  const writer: Writer = new Writer({
    net,
    identity,
    library,
    adoptOwnHeads: async (publisher, feeds) => {
      const asked = connectedPeers()
      if (asked.length > 0) await ownHeads({ client: feedClient, intake, publisher, feeds, peers: asked })
    },
    announce: record => {
      changes.stored([record])
      metrics.records.inc({ via: 'own' })
      gossip?.announce(record).catch(() => metrics.refusals.inc({ code: 'announce-failed' }))
    },
  })
  const changes = new HeadChanges()
  const intake = new Intake({
    net,
    store: library.store,
    verify: envelope => parseRecordOnPool(envelope, { net }),
    onStored: async records => {
      metrics.records.inc({ via: 'peer' }, records.length)
      await library.absorb(records)
      changes.stored(records)
    },
    isOwnFeed: (publisher, feed) => writer.isOwnFeed(publisher, feed),
    onCloned: head => {
      writer.stop(head)
      problems.set('feed', 'E_FEED_CLONED: another copy of this node writes with the same keys')
    },
  })
  const feedClient = {
    request: (peer: PeerId, payload: Uint8Array, { signal }: { signal: AbortSignal }) =>
      streams.request(peer, protocols.feed, payload, { signal, ...feedBoundsOf(payload) }),
  }
  let discovery: DiscoveryDriver | null = null
  let gossip: GossipDriver | null = null
  await writer.begin()

  const isFollowed = (publisher: PublisherId) => publisher === writer.publisher || relations.relationOf(publisher).follow
  const providersOf = async function* (publisher: PublisherId, signal: AbortSignal): AsyncGenerator<PeerId> {
    const connected = connectedPeers()
    const stated = new Set(statedHoldersOf(node, publisher))
    yield* connected.filter(peer => peers.isPinned(peer) || stated.has(peer))
    yield* connected
    yield* stated
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DHT_LOOKUP_MS)])
      for await (const found of discoveryPortOf(network()).findProviders(publisher, { signal: limit })) {
        if (found.peer !== node.libp2p.peerId.toString() && (await node.dial(found, limit))) yield found.peer
      }
    } catch {
      // The DHT is the last resort: what it does not answer in time nobody has.
    }
  }
  const fetcher = new ArtifactFetcher({
    streams,
    protocol: protocols.content,
    store: artifacts,
    providersOf,
    onFetched: result => metrics.fetched.inc({ result }),
  })
  const node: NodeContext = {
    version: HANSE_VERSION,
    net,
    paths: stored.paths,
    config,
    loaded,
    database: stored.database,
    artifacts,
    audit: stored.audit,
    library,
    relations,
    routes: new RouteTable({ home: options.home, settings: config.routes, library, relations, own: writer.publisher }),
    writer,
    fetcher,
    streams,
    protocols,
    get libp2p() {
      return network()
    },
    peers,
    seen: new SeenPublishers(),
    metrics,
    backupPassphrase: options.env?.HANSE_BACKUP_PASSPHRASE,
    identity: () => identity,
    changeIdentity: async change => {
      const next = change(identity)
      await saveIdentity(options.home, next)
      identity = next
    },
    connectedPeers,
    parseStored: envelope => parseUnverifiedRecord(envelope, { net }).record,
    applyRelations: () => applyRelations(),
    dial: async (address: PeerAddress, signal) => {
      discovery?.heard([address], peers.isPinned(address.peer) ? 'pinned' : 'hint')
      return await discoveryPortOf(network()).dial(address, { signal }).then(
        () => true,
        () => false,
      )
    },
    hangUp,
    problems: () => [...problems.values()],
  }

  const blocks = new PublicBlockstore(
    new HeliaBlockstore(artifacts, stored.foreign),
    (cid, peer) => gate.mayServeBlock(cid, peer),
    cid => stored.foreign.has(Buffer.from(cid.multihash.bytes).toString('hex')),
  )
  const broker = createBlockBroker({ streams, protocol: protocols.content, providersOf: () => connectedPeers() })
  const topics = topicsOf(net)
  const running = await startNetwork(
    {
      net,
      nodeSeed: identity.node.seed,
      mode: config.network.mode,
      listen: listenAddressesOf(loaded),
      announce: config.network.announce,
      mdns: config.network.mdns,
      peers: config.network.allow,
      topics,
    },
    blocks,
    broker,
  )
  stack.use(running)
  libp2p = running.libp2p

  const handler = new FeedHandler({ store: library.store, changes, mayServeFeed: (feed, peer) => gate.mayServeFeed(feed, peer) })
  streams.handle(protocols.feed, request => handler.handle(request))
  streams.handle(
    protocols.content,
    contentHandler({ readBlock: cid => artifacts.readBlock(cid) }, (cid, peer) => gate.mayServeBlock(cid, peer)),
  )
  streams.handle(protocols.search, answerSearches({ searchPublic: query => searchPublic(node, query), clock: systemClock }))

  const sync = stack.use(
    new SyncDriver({
      client: feedClient,
      intake,
      clock: systemClock,
      random: Math.random,
      dropPeer: (peer, why) => {
        metrics.refusals.inc({ code: why })
        void hangUp(peer)
      },
    }),
  )
  gossip = stack.use(
    new GossipDriver({
      network: gossipPortOf(libp2p.services.pubsub, topics),
      codec: announcementCodecOf({ net, sealHead: record => (writer.isOwnFeed(record.publisher, record.feed) ? writer.sealHeadOf(record) : null) }),
      intake,
      clock: systemClock,
      isFollowed,
      mayAnnounce: (publisher, feed) => library.access.isPublic({ publisher, feed }),
      onGap: (publisher, peer) => sync.gap(publisher, peer),
      onRefused: answer => metrics.refusals.inc({ code: `gossip ${answer.why}` }),
    }),
  )
  const mirror = stack.use(
    new MirrorKeeper({
      library,
      fetcher,
      isMirrored: publisher => relations.relationOf(publisher).mirror,
      has: artifact => artifacts.has(artifact.sha256),
      onFailed: (_artifact, why) => metrics.refusals.inc({ code: `mirror ${why}`.slice(0, 64) }),
    }),
  )
  stored.mirror.look = () => mirror.look()
  const port = discoveryPortOf(libp2p)
  stack.defer(
    port.onConnect(peer => {
      sync.connected(peer, peers.isPinned(peer) ? 'pinned' : 'other')
      mirror.look()
      rememberPeer(node, peer)
    }),
  )
  stack.defer(
    port.onDisconnect(peer => {
      streams.endPeer(peer, 'disconnected')
      sync.disconnected(peer)
    }),
  )
  stack.defer(await acceptStreams(libp2p, Object.values(protocols), streams))
  discovery = stack.use(
    new DiscoveryDriver({ network: port, clock: systemClock, random: Math.random, self: libp2p.peerId.toString() as PeerId }),
  )
  if (config.network.mode !== 'off') {
    const bootstrap = config.network.bootstrap.map(parsePeerAddress).filter(address => address !== null)
    discovery.heard(bootstrap, 'bootstrap')
    discovery.heard(peers.all(true), 'pinned')
    discovery.heard(peers.all(false), 'book')
    libp2p.addEventListener('peer:discovery', ({ detail }) => {
      discovery?.heard([{ peer: detail.id.toString() as PeerId, addresses: detail.multiaddrs.map(String) }], 'hint')
    })
  }

  function applyRelations(): void {
    const followed = relations.known().filter(id => relations.relationOf(id).follow)
    const unfollowed = relations.known().filter(id => !relations.relationOf(id).follow)
    for (const publisher of unfollowed) sync.unfollow(publisher)
    sync.follow(followed)
    const mirrored = followed.filter(id => relations.relationOf(id).mirror)
    const hasPublic = [...(library.catalogue.publisher(writer.publisher)?.packages.values() ?? [])].some(
      ({ visibility }) => visibility === 'public',
    )
    if (config.network.mode !== 'off') discovery?.serve(followed, [...(hasPublic ? [writer.publisher] : []), ...mirrored])
    mirror.look()
  }
  stack.defer(
    library.onChange((records, touched) => {
      const isFirst = touched.some(({ publisher }) => publisher === writer.publisher) && records.some(({ seq }) => seq === 1)
      if (isFirst) applyRelations()
    }),
  )
  applyRelations()
  return node
}

/** How long the DHT may take to name a holder; ms. */
const DHT_LOOKUP_MS = 5_000

/** A subscription waits for news without a time-out; all else on the feed stream has the stream's own bounds. */
function feedBoundsOf(payload: Uint8Array) {
  return parseFeedRequest(payload)?.ask === 'subscribe' ? { creditBytes: 64 * 1024, firstByteMs: 0, minBytesPerSecond: 0 } : {}
}

/** The default port belongs to one node of a machine: unless it was asked for, a taken one is replaced by any. */
function listenAddressesOf({ config }: LoadedConfig): readonly string[] {
  return config.network.listen
}

function rememberPeer(node: NodeContext, peer: PeerId): void {
  const outbound = node.libp2p.getConnections(peerIdFromString(peer)).filter(({ direction }) => direction === 'outbound')
  if (outbound.length > 0) node.peers.connected({ peer, addresses: outbound.map(({ remoteAddr }) => remoteAddr.toString()) })
}

async function openHttp(stack: AsyncDisposableStack, node: NodeContext, { config }: LoadedConfig): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const { host, port, publicUrl } = config.http
  const http = stack.use(
    await startHttp({ host, port, publicUrl: publicUrl ?? null, token, version: node.version }, servicesOf(node), (message, cause) => {
      process.stderr.write(`${message}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`)
    }),
  )
  const runFile = join(node.paths.home, 'run.json')
  const run = { pid: process.pid, url: http.url, token, peerId: node.libp2p.peerId.toString() }
  await replaceFile(runFile, Buffer.from(`${JSON.stringify(run)}\n`), 0o600)
  stack.defer(() => rm(runFile, { force: true }))
  return http.url
}
