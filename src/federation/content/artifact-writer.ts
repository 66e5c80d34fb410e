import type { Artifact } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'

/** What of an artifact a transfer needs. */
export type WantedArtifact = Pick<Artifact, 'cid' | 'size' | 'sha256'>

/** What an earlier try left of an artifact of several leaves: its root block, and the indexes of leaves that were hashed since. */
export interface KeptPart {
  readonly root: Uint8Array
  readonly leaves: ReadonlySet<number>
}

/** Where verified bytes of one artifact go, in any order; exactly one of `commit`, `suspend` and `discard` ends it. */
export interface ArtifactWriter {
  /** What is here already, or null. */
  kept(): Promise<KeptPart | null>
  /** The dag-pb root, verified; not called for an artifact of one leaf. */
  writeRoot(block: Uint8Array): Promise<void>
  /** A verified leaf; the writer may keep the bytes. Several may be on their way at once. */
  writeLeaf(index: number, leaf: Uint8Array): Promise<void>
  /** A leaf that is written, or kept of an earlier try; null: the artifact was held before, and `commit` says whether it is this one. */
  readLeaf(index: number): Promise<Uint8Array | null>
  /** All leaves are there and their whole's sha-256 is right: makes the artifact durable and visible, unless what was held is another. */
  commit(): Promise<'committed' | 'other-digest'>
  /** Not all of it came, or the disk is full: the leaves that did, each verified, may be kept for the next try. */
  suspend(): Promise<void>
  /** The release contradicts itself, or it cannot be stored: nothing is kept. */
  discard(): Promise<void>
}

/** Where artifacts go; rejections are failures of this node and end the fetch, with the code `E_DISK_FULL` for a full disk. */
export interface ArtifactSink {
  begin(artifact: WantedArtifact): Promise<ArtifactWriter>
}

/** Why bytes are not accepted: `altered` blames the peer, `other-layout` and `other-digest` the release itself. */
export type DownloadFault = 'altered' | 'other-layout' | 'other-digest'

/** The same writer, whose failures are this node's own. */
export function guarded(writer: ArtifactWriter): ArtifactWriter {
  return {
    kept: () => writer.kept().catch(storeFailed),
    writeRoot: block => writer.writeRoot(block).catch(storeFailed),
    writeLeaf: (index, leaf) => writer.writeLeaf(index, leaf).catch(storeFailed),
    readLeaf: index => writer.readLeaf(index).catch(storeFailed),
    commit: () => writer.commit().catch(storeFailed),
    suspend: () => writer.suspend().catch(storeFailed),
    discard: () => writer.discard().catch(storeFailed),
  }
}

/** Whether something failed here, for which no peer is to blame. */
export const isOwnFailure = (error: FederationError): boolean =>
  error.code === 'E_STORE_FAILED' || error.code === 'E_HASHING_FAILED'

export function storeFailed(cause: unknown): never {
  throw new FederationError('E_STORE_FAILED', 'artifact could not be stored', { cause })
}
