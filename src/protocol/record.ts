import type { BlockId, FeedId, PackageName, PeerId, PublisherId, RecordId, ReleaseName, Sha256 } from './ids.ts'
import type { Visibility } from './visibility.ts'

/** One artifact of a release: the exact bytes a client downloads. */
export interface Artifact {
  /** File name under which the ecosystem's client knows it, e.g. `x-1.2.0.tgz`. */
  readonly name: string
  readonly cid: BlockId
  readonly size: number
  readonly sha256: Sha256
  /** Further digests a client checks, as SRI text (`sha512-…`, `sha1-…`). */
  readonly integrity?: readonly string[]
}

/** A foreign document: exact bytes up to 16 KiB, else the CID of its bytes. */
export type Document =
  | { readonly media: string; readonly bytes: Uint8Array }
  | { readonly media: string; readonly cid: BlockId; readonly size: number }

/** What search and policy need of a release, cut to fit by the publishing node. */
export interface ReleaseSummary {
  readonly description?: string
  readonly keywords?: readonly string[]
  /** SPDX expression as the manifest has it. */
  readonly license?: string
  /** Sorted `[name, range, kind]`; kind is the manifest's word: `runtime`, `dev`, `peer`, `optional`. */
  readonly dependencies?: readonly (readonly [string, string, string])[]
  /** Whether installing runs scripts of the package. */
  readonly scripts?: boolean
}

export interface ReleaseOp {
  readonly op: 'release'
  readonly purl: ReleaseName
  readonly artifacts: readonly Artifact[]
  readonly summary: ReleaseSummary
  readonly manifest?: Document
}
/** Address of one op: (record id, index in its `ops`). */
export type OpAddress = readonly [RecordId, number]
export type OpTarget =
  | { readonly purl: PackageName | ReleaseName; readonly reason: string }
  | { readonly at: OpAddress; readonly reason: string }
  | { readonly undo: readonly OpAddress[] }
export interface YankOp {
  readonly op: 'yank'
  readonly target: OpTarget
}
export interface DeprecateOp {
  readonly op: 'deprecate'
  readonly target: OpTarget
}
export interface TagOp {
  readonly op: 'tag'
  readonly purl: PackageName
  readonly tag: string
  /** null removes the tag. */
  readonly version: string | null
}
export interface OriginOp {
  readonly op: 'origin'
  readonly purl: ReleaseName
  readonly upstream: string
  readonly digest: string
  readonly time: number | null
  readonly artifact: Artifact
}
export interface HoldsOp {
  readonly op: 'holds'
  readonly peer: PeerId
  readonly publishers: readonly PublisherId[]
  readonly cids: readonly BlockId[]
  readonly undo: boolean
}
export interface ProfileOp {
  readonly op: 'profile'
  readonly name: string
  readonly nodes: readonly PeerId[]
  readonly contact?: string
}
/** Who may be served the listed feed that it stands in; anywhere else it says nothing. */
export interface AudienceOp {
  readonly op: 'audience'
  readonly peers: readonly PeerId[]
  /** They are taken off the list. */
  readonly undo: boolean
}
/** Of a private network's authority: a peer that belongs to it, or no longer does. */
export interface MemberOp {
  readonly op: 'member'
  readonly peer: PeerId
  /** What people call it. */
  readonly name?: string
  readonly undo: boolean
}
export type Op = ReleaseOp | YankOp | DeprecateOp | TagOp | OriginOp | HoldsOp | ProfileOp | AudienceOp | MemberOp

/** A root key: a list of (algorithm, public key), all of which must verify. */
export type KeyList = readonly (readonly [number, Uint8Array])[]
export interface IdentityBody {
  readonly typ: 'identity'
  readonly keys: readonly KeyList[]
  readonly threshold: number
  readonly next: readonly Uint8Array[]
  /** sha-256 of the recovery key list. */
  readonly recovery: readonly Uint8Array[]
  readonly salt: Uint8Array
}
export interface DelegateBody {
  readonly typ: 'delegate'
  readonly feed: FeedId
  readonly key: readonly [number, Uint8Array]
  readonly role: string
  readonly scope: readonly string[]
  readonly visibility: Visibility
  readonly expires?: number
}
export interface VoidBody {
  readonly typ: 'void'
  readonly feed: FeedId
  readonly from: number
  readonly head: RecordId | null
  readonly reason: string
}
export interface RotateBody extends Omit<IdentityBody, 'typ'> {
  readonly typ: 'rotate'
  readonly by: KeyList
}
/** A writer's record: all ops of one record have the kind that is its `typ`. */
export interface OpsBody {
  readonly typ: 'ops'
  readonly ops: readonly Op[]
}
/** The body of a record whose kind is known and fits its schema. */
export type UnderstoodBody = IdentityBody | DelegateBody | VoidBody | RotateBody | OpsBody

/** A record that is well-formed: parsed from its envelope, signature verified, profile and limits kept. */
export interface WellFormedRecord {
  readonly id: RecordId
  readonly net: string
  /** For a genesis: its own id. */
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecordId | null
  /** The kind, known or not. */
  readonly typ: string
  /** Claimed time, ms since 1970; display only. */
  readonly ts: number
  readonly auth: RecordId | null
  /** The exact bytes received: what is stored and forwarded. */
  readonly envelope: Uint8Array
  /** null: well-formed but not understood, so kept, relayed and inert. */
  readonly understood: UnderstoodBody | null
  /** sha-256 (hex) of the key list that signed a root record; '' in writer feeds. */
  readonly signer: string
}

/** The newest known place of a feed. */
export interface FeedHead {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly id: RecordId
}
