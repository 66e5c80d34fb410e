import type { PolicyDocument } from './document.ts'
import { denial } from './objection.ts'
import type { PolicyRule } from './verdict.ts'

/** Denies what its publisher calls deprecated. */
export function deprecatedRule({ decision, line }: NonNullable<PolicyDocument['deprecated']>): PolicyRule {
  return {
    name: 'deprecated',
    judge: facts => {
      const deprecated = facts.manifest?.deprecated ?? null
      if (decision === 'allow' || deprecated === null) return null
      return denial(facts, { rule: 'deprecated', line, message: `deprecated by its publisher: ${deprecated}` })
    },
  }
}
