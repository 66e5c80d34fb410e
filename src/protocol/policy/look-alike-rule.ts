import type { PolicyDocument } from './document.ts'
import { hold } from './objection.ts'
import { nameMatcherOf } from './release-matcher.ts'
import type { PolicyRule } from './verdict.ts'

/** A name that may be a typing error or a trap waits until somebody who knows it decides. A publisher's was allowed by name. */
export function lookAlikeRule(section: NonNullable<PolicyDocument['lookAlike']>): PolicyRule {
  const { decision, except, line } = section
  const isExcepted = nameMatcherOf(except)
  return {
    name: 'lookAlike',
    judge: facts => {
      const { lookAlike, route, exemption } = facts
      if (lookAlike === null || decision === 'allow' || route.to !== 'upstream' || exemption !== null) return null
      if (isExcepted(facts.package)) return null
      const message = `its name looks like ${lookAlike.of} (${lookAlike.how}); is it the one that is meant?`
      return hold(facts, { rule: 'lookAlike', line, message }, null)
    },
  }
}
