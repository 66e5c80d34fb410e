import type { FeedId, PackageName, PeerId, PublisherId, RecordId, Sha256 } from '../ids.ts'
import type { Artifact, Document, FeedHead, OpAddress, OriginOp, ProfileOp, ReleaseSummary } from '../record.ts'
import type { Visibility } from '../visibility.ts'

/** Number of these fold rules: two nodes compare digests only at equal numbers (specification section 7). */
export const FOLD_NUMBER = 2

/** Why a feed's counted records end: the newest held, a fork, or a void of the root. */
export type StopReason = 'open' | 'fork' | 'void'

/** How much of one feed counts. */
export interface FeedState {
  readonly feed: FeedId
  /** Sequence number after the last record that counts: 1 when none does. */
  readonly end: number
  /** Id of the last record that counts. */
  readonly head: RecordId | null
  readonly reason: StopReason
  readonly visibility: Visibility
  /** The delegate's word; `root` for the root feed. */
  readonly role: string
  /** ms since 1970 from which on views do not accept what the feed says (specification section 6.7); null: never. */
  readonly expires: number | null
}

/** An artifact and the op that added it. */
export interface FoldedArtifact {
  readonly artifact: Artifact
  readonly at: OpAddress
  /** The latest expiry of the feeds that release these bytes, as it is when read, ms since 1970; null: never. */
  readonly expires: number | null
}
/** live: may be listed; yanked: withdrawn; conflict: one file name with two contents, withheld, both shown. */
export type VersionState = 'live' | 'yanked' | 'conflict'

export interface ReleaseState {
  readonly version: string
  readonly state: VersionState
  readonly yankedWhy: string | null
  readonly deprecated: string | null
  /** Sorted by file name, then digest; two of one name only in a conflict. */
  readonly artifacts: readonly FoldedArtifact[]
  readonly summary: ReleaseSummary
  readonly manifest: Document | null
  /** The op that `summary` and `manifest` come from. */
  readonly described: OpAddress
  /** Records that release this version, in fold order. */
  readonly records: readonly RecordId[]
  /** As the most open record that releases it. */
  readonly visibility: Visibility
  /** Time that the first of `records` claims, ms since 1970; display only. Not in the digest. */
  readonly claimedMs: number
  /** When the first of its artifacts is vouched for by no feed any more, as it is when read, ms since 1970; null: never. Not in the digest. */
  readonly expires: number | null
}

/** What a publisher says an upstream serves; which of several is right is the view's question. */
export interface OriginState {
  readonly version: string
  readonly op: OriginOp
  readonly at: OpAddress
}

export interface PackageState {
  readonly package: PackageName
  readonly releases: ReadonlyMap<string, ReleaseState>
  readonly tags: ReadonlyMap<string, string>
  /** Reason of a deprecation of the whole package. */
  readonly deprecated: string | null
  readonly origins: readonly OriginState[]
  readonly visibility: Visibility
}

/** Whether a publisher has released anything of a package: one that only states origins, or tags, has not. */
export const isReleased = (state: PackageState | null): state is PackageState => (state?.releases.size ?? 0) > 0

/** What one node of the publisher says it keeps. */
export interface HoldsState {
  readonly peer: PeerId
  readonly publishers: ReadonlySet<PublisherId>
  readonly cids: ReadonlySet<string>
}

/** The last word about one peer; of a private network's authority it decides who is let in. */
export interface MemberState {
  readonly name: string | null
  /** False: it was one, and is to be kept out. */
  readonly isMember: boolean
}

/** Everything one publisher's records add up to on this node. */
export interface PublisherCatalogue {
  readonly publisher: PublisherId
  /** The root feed, then delegated feeds in the order of their first delegate. */
  readonly feeds: readonly FeedState[]
  readonly packages: ReadonlyMap<PackageName, PackageState>
  /** Versions released, of all packages. */
  readonly releases: number
  readonly profile: ProfileOp | null
  readonly holds: readonly HoldsState[]
  /** Of whom its public feeds say whether they belong to the network it is the authority of. */
  readonly members: ReadonlyMap<PeerId, MemberState>
  /** Heads that counted voids name as the end of a true branch, held or not, at most MAX_VOIDED_HEADS. */
  readonly voidedHeads: readonly FeedHead[]
  /** Over the public feeds alone, so that nodes without the private ones agree. */
  readonly digest: Sha256
}
