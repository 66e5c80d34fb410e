import type { ManifestFacts } from '../../protocol/index.ts'

/** What rules ask of one version that an upstream lists; small, so that it is kept beside the document. */
export interface VersionFacts {
  /** When this node first saw it, ms since 1970. */
  readonly firstSeen: number
  readonly manifest: ManifestFacts
}
