import type {
  Borne,
  KeptStreams,
  MirrorMemory,
  PeerAddress,
  PeerStanding,
  Reachability,
  SearchMemory,
  SyncDriver,
} from '../federation/index.ts'
import type { NodeRecord, PackageName, PeerId, PublisherId, WellFormedRecord } from '../protocol/index.ts'
import type { Advisories } from './advisories/index.ts'
import type { CacheLedger, CachePins, DiskRoom, PurgeList, UpstreamCache } from './cache/index.ts'
import type { purgeBytesOf } from './composition/open-cache.ts'
import type { Everything } from './composition/open-everything.ts'
import type { Upstreams } from './composition/open-upstreams.ts'
import type { Config, LoadedConfig } from './config/index.ts'
import type { Identity } from './identity/identity-file.ts'
import type { InstallJournal } from './installs/index.ts'
import type { ArtifactFetcher } from './library/artifact-fetcher.ts'
import type { Freshness } from './library/catch-up.ts'
import type { CopyBook } from './library/copy-book.ts'
import type { HolderRecord } from './library/holder-record.ts'

import type { HoldingStatement } from './library/holding-statement.ts'
import type { IncomingBytes } from './library/incoming-bytes.ts'
import type { Library } from './library/library.ts'
import type { RelationBook } from './library/relation-book.ts'
import type { RouteTable } from './library/route-table.ts'
import type { ServeGate } from './library/serve-gate.ts'
import type { Turns } from './library/turns.ts'
import type { Writer } from './library/writer.ts'
import type { LookAlikes } from './look-alikes/index.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Network } from './network/network.ts'
import type { PeerBook } from './network/peer-book.ts'
import type { PeerLedger } from './network/peer-ledger.ts'
import type { PolicyStore } from './policy/index.ts'
import type { Sharing } from './sharing/index.ts'
import type { ArtifactStore, AuditLog, DataDirectory, LevelDatabase } from './storage/index.ts'
import type { TokenBook } from './tokens/index.ts'
import type { AbsentHolders } from './use-cases/absent-holders.ts'
import type { ProvenHolders } from './use-cases/proven-holders.ts'
import type { SeenHits } from './use-cases/seen-hits.ts'
import type { VerdictLog } from './verdict-log/index.ts'

/** The parts of a running node that its use cases work with. */
export interface NodeContext {
  readonly version: string
  readonly net: string
  readonly paths: DataDirectory
  readonly config: Config
  readonly loaded: LoadedConfig
  readonly database: LevelDatabase
  readonly artifacts: ArtifactStore
  readonly audit: AuditLog
  readonly library: Library
  /** Asked before anything leaves this node. */
  readonly gate: ServeGate
  readonly relations: RelationBook
  readonly routes: RouteTable
  readonly writer: Writer
  readonly fetcher: ArtifactFetcher
  readonly holding: HoldingStatement
  /** Copies of publishers of whom a number is wanted. */
  readonly copies: CopyBook
  readonly streams: KeptStreams
  readonly protocols: {
    readonly feed: string
    readonly content: string
    readonly search: string
    readonly peers: string
    readonly dialBack: string
    readonly snapshot: string
  }
  readonly libp2p: Network
  readonly peers: PeerBook
  /** What passed with each peer. */
  readonly peerLedger: PeerLedger
  readonly seen: SeenHits
  /** What searches learned about peers and their records. */
  readonly searchMemory: SearchMemory
  readonly incoming: IncomingBytes
  readonly absent: AbsentHolders
  readonly proven: ProvenHolders
  /** How peers did as mirrors of late. */
  readonly mirrors: MirrorMemory
  /** What spot checks of mirrors showed. */
  readonly holders: HolderRecord
  readonly publishing: Turns<PackageName>
  /** Changes of audiences and members, one at a time. */
  readonly audiences: Turns<string>
  readonly metrics: Metrics
  readonly tokens: TokenBook
  /** What was withheld from whom in the last minutes. */
  readonly verdicts: VerdictLog
  /** What npm clients were served. */
  readonly installs: InstallJournal
  readonly upstreams: Upstreams
  /** What this node and others state about upstreams. */
  readonly sharing: Sharing
  /** What is kept of upstreams, when it was used, and what stays. */
  readonly cache: UpstreamCache
  readonly ledger: CacheLedger
  readonly pins: CachePins
  /** What may be here no more. */
  readonly purges: PurgeList
  readonly disk: DiskRoom
  /** Removes bytes wherever this node has them. */
  readonly purgeBytes: ReturnType<typeof purgeBytesOf>
  readonly advisories: Advisories
  /** Which names may be mistaken for trusted ones. */
  readonly lookAlikes: LookAlikes
  /** The operator's rules. */
  readonly policy: PolicyStore
  /** From `HANSE_BACKUP_PASSPHRASE`. */
  readonly backupPassphrase: string | undefined
  /** The keys as the identity file has them now. */
  identity(): Identity
  changeIdentity(change: (identity: Identity) => Identity): Promise<void>
  /** Pinned first, then the order in which they came. */
  connectedPeers(): readonly PeerId[]
  /** A record read from this node's own store: checked against its id, its signature verified when it came. */
  parseStored(envelope: Uint8Array): WellFormedRecord
  /** Follows, mirrors and announces as the relations say now. */
  applyRelations(): void
  /** Whether a peer could be connected; a failure is tried again later. */
  dial(address: PeerAddress, signal: AbortSignal): Promise<boolean>
  hangUp(peer: PeerId): Promise<void>
  /** How long ago a peer confirmed what is known of a publisher; null: not since the start. */
  confirmed(publisher: PublisherId): ReturnType<SyncDriver['confirmed']>
  /** How it stands with a peer; of one that nobody dials, `dialling`. */
  standing(peer: PeerId): PeerStanding
  /** Waits until what happened while this node was away was asked for, a few seconds at most; installs are answered then. */
  caughtUp(): Promise<void>
  freshness(): Freshness
  /** What a node signed of itself, as far as it was told here. */
  recordOf(peer: PeerId): NodeRecord | null
  /** The same of all nodes, connected or not. */
  nodeRecords(): ReadonlyMap<PeerId, NodeRecord>
  /** This node searches: peers that hold what neither it nor connected peers hold are to be connected. */
  searches(followed: ReadonlySet<string>, borneOut: (peer: PeerId) => Borne): void
  /** Whether other nodes can dial this one. */
  reachability(): Reachability
  /** Who is followed because everything is; null while the network is off. */
  everything(): Everything | null
  /** Settings that could not be applied, for /readyz. */
  problems(): readonly string[]
}
