import type { VersionFacts } from '../../policy/version-facts.ts'

/** One version's manifest as its owner wrote it; unknown fields kept. */
export interface VersionManifest {
  readonly name: string
  readonly version: string
  readonly dist: VersionDist
  readonly [field: string]: unknown
}

/** Where a version's tarball is and what its bytes are. */
export interface VersionDist {
  readonly tarball: string
  /** SRI text, `sha512-…`. */
  readonly integrity?: string
  /** sha-1 as lower-case hex. */
  readonly shasum?: string
  readonly [field: string]: unknown
}

/** npm's document of one package; unknown fields kept. */
export interface PackumentDocument {
  readonly name: string
  readonly 'dist-tags': Readonly<Record<string, string>>
  readonly versions: Readonly<Record<string, VersionManifest>>
  /** ISO times by version, and `created` and `modified`. */
  readonly time?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** What a source knows of one package: npm's own document, as its owner wrote it. */
export interface NpmPackument {
  /** Changes exactly when the document or what is known of its versions does; safe in an HTTP ETag. */
  readonly revision: string
  /** The document, parsed: unknown fields kept, never mutated. Versions, tags and time were checked to have npm's shapes. */
  readonly document: PackumentDocument
  /** What rules ask of each version, without the document being parsed; null: a publisher's, whose records say it. */
  readonly versions: ReadonlyMap<string, VersionFacts> | null
}

export interface NpmTarball {
  readonly size: number | null
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Where packuments and tarballs come from: an upstream registry, or a publisher's signed releases. */
export interface NpmSource {
  /** null: the source answered that there is no such package. @throws UpstreamError / NodeError with a code when it could not answer. */
  packument(name: string, signal: AbortSignal): Promise<NpmPackument | null>
  /** The exact bytes of a version's tarball, checked against the digests its document names before the last byte is given. null: no such version. */
  tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null>
}
