import type { PackageName } from '../ids.ts'
import type { AdvisoryFact } from '../policy/facts.ts'

/** Versions from `introduced` on, up to one of two ends; without an end, all later ones. `0` is before every version. */
export interface VersionSpan {
  readonly introduced: string
  /** The first version that is not affected any more. */
  readonly fixed: string | null
  /** The last version that is affected. */
  readonly lastAffected: string | null
}

/** Which versions of one package an advisory is about: those of any span, and those listed. */
export interface AffectedVersions {
  readonly spans: readonly VersionSpan[]
  readonly versions: readonly string[]
}

/** What an advisory says, whatever package it says it of. */
export interface AdvisoryText {
  readonly id: string
  readonly kind: AdvisoryFact['kind']
  readonly severity: AdvisoryFact['severity']
  readonly summary: string
  /** Where people read more; null: nowhere given. */
  readonly url: string | null
  /** Weaknesses, as in `CWE-79`. */
  readonly cwe: readonly string[]
  /** The CVSS v3 vector and its base score, 0 to 10. */
  readonly cvss: { readonly score: number; readonly vector: string } | null
  /** When it was last changed, ms since 1970. */
  readonly modified: number
}

/** One OSV document, as far as packages of known ecosystems are concerned. */
export interface Advisory extends AdvisoryText {
  /** Taken back by whoever published it. */
  readonly isWithdrawn: boolean
  readonly affected: ReadonlyMap<PackageName, AffectedVersions>
}

const SEVERITIES: readonly AdvisoryFact['severity'][] = ['critical', 'high', 'unknown', 'moderate', 'low']

/** The order of every listing: malware first, then the worst, then by id. */
export function compareAdvisories(
  a: Pick<AdvisoryFact, 'id' | 'kind' | 'severity'>,
  b: Pick<AdvisoryFact, 'id' | 'kind' | 'severity'>,
): number {
  if (a.kind !== b.kind) return a.kind === 'malware' ? -1 : 1
  const bySeverity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
  return bySeverity !== 0 ? bySeverity : a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
