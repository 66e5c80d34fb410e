import { MirrorMemory, SearchMemory, systemClock } from '../../federation/index.ts'
import { type PeerId, parseUnverifiedRecord } from '../../protocol/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { saveIdentity } from '../identity/identity-file.ts'
import { ArtifactFetcher } from '../library/artifact-fetcher.ts'
import type { CatchUp } from '../library/catch-up.ts'
import { CopyBook } from '../library/copy-book.ts'
import { HolderRecord } from '../library/holder-record.ts'
import { HoldingStatement } from '../library/holding-statement.ts'
import { RouteTable } from '../library/route-table.ts'
import { Turns } from '../library/turns.ts'
import { createLog } from '../log.ts'
import { LookAlikes } from '../look-alikes/index.ts'
import { discoveryPortOf } from '../network/discovery-port.ts'
import type { Network } from '../network/network.ts'
import type { NodeContext } from '../node-context.ts'
import { AbsentHolders } from '../use-cases/absent-holders.ts'
import { listAudiences } from '../use-cases/audiences.ts'
import { ProvenHolders } from '../use-cases/proven-holders.ts'
import { seenCopiesOf } from '../use-cases/seen-copies.ts'
import { SeenHits } from '../use-cases/seen-hits.ts'
import { VerdictLog } from '../verdict-log/index.ts'
import { HANSE_VERSION } from '../version.ts'
import { applyRelations } from './apply-relations.ts'
import type { Exchange } from './exchange.ts'
import type { Federation } from './join-network.ts'
import type { OpenHome } from './open-home.ts'
import { sharingOf } from './open-sharing.ts'
import type { Upstreams } from './open-upstreams.ts'
import { providersOf } from './providers.ts'

/** What a node is told by the process it runs in. */
export interface NodeSurroundings {
  /** From `HANSE_BACKUP_PASSPHRASE`. */
  readonly backupPassphrase: string | undefined
  /** All variables of the process: npm's own and those of proxies. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

export interface ContextParts {
  readonly home: OpenHome
  readonly loaded: LoadedConfig
  readonly surroundings: NodeSurroundings
  readonly exchange: Exchange
  readonly libp2p: Network
  readonly metrics: NodeContext['metrics']
  readonly upstreams: Upstreams
  /** null: not joined yet. */
  readonly federation: () => Federation | null
  /** null: not joined yet. */
  readonly catchUp: () => CatchUp | null
}

/** The parts of a node put together: those that need others get the whole, and ask it when they are used. */
export function nodeContextOf(parts: ContextParts): NodeContext {
  const whole = (): NodeContext => node
  const { home, loaded, surroundings, libp2p, metrics, upstreams } = parts
  const { paths, database, artifacts, audit, library, relations, peers, tokens, installs, policy, advisories } = home
  const { config } = loaded
  const node: NodeContext = {
    ...{ version: HANSE_VERSION, net: config.network.id, paths, config, loaded, database, artifacts, audit },
    ...{ library, relations, peers, tokens, installs, policy, advisories, libp2p, metrics, upstreams },
    ...{ incoming: home.incoming, purges: home.purges, purgeBytes: home.purgeBytes, disk: home.disk },
    ...{ gate: home.gate, cache: home.cache, ledger: home.ledger, pins: home.pins },
    ...{
      verdicts: new VerdictLog(),
      seen: new SeenHits(),
      absent: new AbsentHolders(),
      proven: new ProvenHolders(),
      mirrors: new MirrorMemory(),
      holders: new HolderRecord(Date.now()),
      publishing: new Turns(),
    },
    audiences: new Turns(),
    searchMemory: new SearchMemory(config.network.id),
    peerLedger: parts.exchange.ledger,
    backupPassphrase: surroundings.backupPassphrase,
    ...identityOf(home),
    ...decisionsOf(parts, whole),
    ...bytesOf(parts, whole),
    ...connectionsOf(parts, whole),
  }
  return node
}

function identityOf({ identity: stored, paths }: OpenHome): Pick<NodeContext, 'identity' | 'changeIdentity'> {
  let identity = stored
  const turns = new Turns<string>()
  return {
    identity: () => identity,
    changeIdentity: change =>
      turns.run('', async () => {
        const next = change(identity)
        await saveIdentity(paths.home, next)
        identity = next
      }),
  }
}

/** Where names lead, and which look like others. */
function decisionsOf(
  { home, loaded: { config }, exchange, upstreams }: ContextParts,
  whole: () => NodeContext,
): Pick<NodeContext, 'routes' | 'lookAlikes'> {
  const { library, relations } = home
  const own = exchange.writer.publisher
  return {
    routes: new RouteTable({
      ...{ home: home.paths.home, settings: config.routes, library, relations, own },
      upstreams: () => upstreams.names(),
    }),
    lookAlikes: new LookAlikes({
      ...{ ...home.nameLists, library, relations, own },
      routes: { list: () => whole().routes.list() },
    }),
  }
}

/** How records and bytes go out and come in. */
function bytesOf(
  { home, loaded: { config }, exchange, libp2p, metrics }: ContextParts,
  whole: () => NodeContext,
): Pick<NodeContext, 'writer' | 'streams' | 'protocols' | 'fetcher' | 'sharing' | 'holding' | 'copies'> {
  const { library, relations, artifacts, purges } = home
  const { writer, streams, protocols } = exchange
  const copies = copyBookOf(home, libp2p, whole)
  return {
    copies,
    ...{ writer, streams, protocols },
    fetcher: new ArtifactFetcher({
      ...{ streams, protocol: protocols.content, store: artifacts, denied: purges },
      isOpen: ({ sha256 }, publisher) => library.access.isNamedOpenly(sha256, publisher),
      providersOf: (artifact, publisher, signal) => providersOf(whole(), { artifact, publisher }, signal),
      onMiss: (publisher, peer) => whole().absent.add(publisher, peer, Date.now()),
      onBrought: (publisher, peer) => whole().proven.add(publisher, peer, Date.now()),
      mirrors: () => whole().mirrors,
      openHash: () => exchange.hashing.open(),
      onFetched: result => metrics.fetched.inc({ result }),
    }),
    sharing: sharingOf(home, { writer, libp2p, config }, whole),
    holding: new HoldingStatement({
      ...{ library, relations, writer, copies, peer: libp2p.peerId.toString() as PeerId },
      // The lists of feeds that a restored node writes no more do not name it.
      isLookedFor: publisher =>
        library.access.hasPublicPackage(publisher) || listAudiences(whole()).some(({ name }) => name === null),
      isNetworkOn: config.network.mode !== 'off',
      connectedPeers: () => exchange.connections.connected(),
      onFailed: why => createLog().warn(`what this node mirrors could not be signed, and is tried again: ${why}`),
    }),
  }
}

function copyBookOf(
  { artifacts, library, purges, relations }: OpenHome,
  libp2p: Network,
  whole: () => NodeContext,
): CopyBook {
  return new CopyBook({
    self: libp2p.peerId.toString() as PeerId,
    wantedOf: publisher => relations.relationOf(publisher).copies ?? null,
    seenOf: publisher => seenCopiesOf(whole(), publisher),
    isOpen: (artifact, publisher) =>
      library.access.isNamedOpenly(artifact.sha256, publisher) && purges.whyOf(artifact) === null,
    holds: async ({ sha256, cid, size }) => {
      const held = await artifacts.stat(sha256)
      return held?.cid === cid && held.size === size && !(await artifacts.marks.isPulled(sha256))
    },
    hasBytes: cid => artifacts.has(cid),
    clock: systemClock,
  })
}

type Connections =
  | 'everything'
  | 'caughtUp'
  | 'freshness'
  | 'confirmed'
  | 'reachability'
  | 'recordOf'
  | 'nodeRecords'
  | 'searches'
  | 'connectedPeers'
  | 'parseStored'
  | 'applyRelations'
  | 'dial'
  | 'hangUp'
  | 'standing'
  | 'problems'

function connectionsOf(
  { home, loaded, exchange, libp2p, federation, catchUp }: ContextParts,
  whole: () => NodeContext,
): Pick<NodeContext, Connections> {
  const { peers, policy, disk, library } = home
  const net = loaded.config.network.id
  return {
    everything: () => federation()?.everything ?? null,
    caughtUp: async () => await catchUp()?.ready,
    freshness: () => catchUp()?.freshness ?? 'catching up',
    recordOf: peer => federation()?.records.book.of(peer) ?? null,
    nodeRecords: () => federation()?.records.book.newest() ?? new Map(),
    searches: (followed, borneOut) => federation()?.discovery.searches(followed, borneOut),
    connectedPeers: () => exchange.connections.connected(),
    reachability: () => federation()?.dialBacks.reachability ?? { state: 'unknown', asked: 0, addresses: [] },
    parseStored: envelope => parseUnverifiedRecord(envelope, { net }).record,
    applyRelations: () => {
      const joined = federation()
      if (joined !== null) applyRelations(whole(), joined)
    },
    dial: async (address, signal) => {
      federation()?.discovery.heard([address], peers.isPinned(address.peer) ? 'pinned' : 'hint')
      const dialled = discoveryPortOf(libp2p).dial(address, { signal })
      return await dialled.then(
        () => true,
        () => false,
      )
    },
    hangUp: async peer => {
      federation()?.discovery.forget(peer)
      home.anchors.forget(peer)
      await exchange.connections.hangUp(peer)
    },
    confirmed: publisher => federation()?.sync.confirmed(publisher) ?? { ageMs: null, isMissing: false },
    standing: peer => federation()?.discovery.standing(peer) ?? { state: 'dialling' },
    problems: () => [
      ...[...exchange.writer.problems(), ...library.problems.values()],
      ...[policy.problem(), disk.problem()].filter(problem => problem !== null),
    ],
  }
}
