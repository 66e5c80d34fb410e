import type { PolicyDocument } from './document.ts'
import type { AdvisoryFact, Severity } from './facts.ts'
import { denial } from './objection.ts'
import type { PolicyRule } from './verdict.ts'

type Section = NonNullable<PolicyDocument['advisory']>

/** An advisory that does not say how bad it is counts as the least bad one. */
const RANK: Readonly<Record<Severity | 'unknown', number>> = { unknown: 0, low: 0, moderate: 1, high: 2, critical: 3 }
/** Advisories that a reason names; the others are counted. */
const MAX_TOLD = 3
/** Characters of one summary, which a stranger wrote. */
const MAX_SUMMARY_CHARS = 120

/** What an advisory calls malware; only a waiver that names this rule lets it pass. */
export function malwareRule({ malware, line }: Section): PolicyRule {
  return {
    name: 'malware',
    judge: facts => {
      const found = malware === 'deny' ? facts.advisories.filter(({ kind }) => kind === 'malware') : []
      if (found.length === 0) return null
      return denial(facts, { rule: 'malware', line, message: textOf(found) })
    },
  }
}

/** Vulnerabilities from a severity on. */
export function vulnerabilityRule({ severity, line }: Section): PolicyRule {
  return {
    name: 'advisory',
    judge: facts => {
      if (severity === 'none') return null
      const isBad = (each: AdvisoryFact) => each.kind === 'vulnerability' && RANK[each.severity] >= RANK[severity]
      const worst = facts.advisories.filter(isBad).toSorted((a, b) => RANK[b.severity] - RANK[a.severity])
      if (worst.length === 0) return null
      return denial(facts, { rule: 'advisory', line, message: textOf(worst) })
    },
  }
}

function textOf(advisories: readonly AdvisoryFact[]): string {
  const told = advisories.slice(0, MAX_TOLD).map(({ id, kind, severity, summary, fixed }) => {
    const degree = kind === 'malware' ? '' : ` (${severity})`
    const repair = fixed === null ? '' : `, fixed in ${fixed}`
    return `${id}${degree}: ${summary.slice(0, MAX_SUMMARY_CHARS)}${repair}`
  })
  const more = advisories.length - told.length
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}
