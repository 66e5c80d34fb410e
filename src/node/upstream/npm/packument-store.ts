import type { VersionFacts } from '../../policy/version-facts.ts'

/** When this node first saw a version, what rules ask of it, and which bytes it meant then. */
export interface SeenVersion extends VersionFacts {
  /** `digestMarkOf` the version's digests: other bytes under the same version are a new version. */
  readonly mark: string
}

/** What is remembered of a package's document, beside its bytes. */
export interface PackumentFacts {
  readonly name: string
  /** SHA-256 of the upstream's address and the document's bytes, base64url. */
  readonly revision: string
  readonly etag: string | null
  readonly lastModified: string | null
  readonly seen: ReadonlyMap<string, SeenVersion>
}

/** A document as it is kept. */
export interface StoredPackument {
  readonly facts: PackumentFacts
  /** Ms since 1970 when the upstream last said that this is its document. */
  readonly fetchedAt: number
  /** The document's exact bytes, gzipped; null when only the facts are left, because they were lost or the document is gone. */
  readonly gzipped: Uint8Array | null
  /** Whether the upstream said that it has the package no longer: nothing of it is served before the upstream was asked again. */
  readonly isGone: boolean
}

/** Where the documents of one upstream are kept. Damaged entries are as good as absent, never an error. */
export interface PackumentStore {
  /** What is kept of a name, or null. */
  read(name: string): Promise<StoredPackument | null>
  /** Replaces what is kept of `facts.name`; without bytes when the package is gone. */
  write(packument: Omit<StoredPackument, 'isGone'>): Promise<void>
  /** Says that the document kept of a name was the upstream's at `fetchedAt`; nothing when none is kept. */
  touch(name: string, fetchedAt: number): Promise<void>
}
