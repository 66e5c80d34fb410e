import type { ReleaseState } from '../fold/catalogue.ts'
import type { PackageName } from '../ids.ts'
import type { RouteAnswer } from '../route.ts'

/** What a version's own manifest or record says, as far as rules ask. */
export interface ManifestFacts {
  /** SPDX expression as written; null: none. */
  readonly licence: string | null
  /** Of preinstall, install, postinstall; and `binding.gyp` where it implies one. */
  readonly installScripts: readonly string[]
  readonly deprecated: string | null
  /** Bytes of the artifact; null where unknown. */
  readonly bytes: number | null
  readonly unpackedBytes: number | null
}

/** How bad somebody says that it is. */
export type Severity = 'low' | 'moderate' | 'high' | 'critical'

/** One advisory that names a version. */
export interface AdvisoryFact {
  readonly id: string
  readonly kind: 'malware' | 'vulnerability'
  readonly severity: Severity | 'unknown'
  readonly summary: string
  /** The first version without it; null: none is known. */
  readonly fixed: string | null
}

/** A name that may be taken for another: `expres` looks like express, a letter left out. */
export interface LookAlike {
  readonly of: string
  readonly how: string
}

/** What is known of one release when it is judged. What its publisher claims about time is not among it. */
export interface PolicyFacts {
  readonly package: PackageName
  readonly version: string
  readonly route: RouteAnswer
  /** null for a release that only an upstream has. */
  readonly release: ReleaseState | null
  /** null: nobody here has read its manifest. */
  readonly manifest: ManifestFacts | null
  /** By this node's own clock, ms since 1970; null: never. */
  readonly firstSeen: number | null
  /** By the witnesses' median, ms since 1970; null: no witness said so. */
  readonly witnessed: number | null
  readonly advisories: readonly AdvisoryFact[]
  readonly lookAlike: LookAlike | null
  /** In an accepted lock file, or installed through here before: exempt from age and look-alike, never from malware. */
  readonly exemption: 'locked' | 'installed' | null
  /** Who disagrees with whom on its digest; null: nobody. */
  readonly dispute: string | null
}
