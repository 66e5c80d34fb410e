import type { PolicyDocument } from './document.ts'
import { lastAnswerOf } from './last-answer.ts'
import { licenceAnswerOf } from './licence-expression.ts'
import { denial } from './objection.ts'
import { nameMatcherOf } from './release-matcher.ts'
import type { PolicyRule } from './verdict.ts'

/** Characters of an expression that a reason repeats. */
const MAX_TOLD_CHARS = 80

/** Denies licences by SPDX expression; a manifest that nobody has read here is not judged. */
export function licenceRule(section: NonNullable<PolicyDocument['licence']>): PolicyRule {
  const { allow, deny, unknown, except, line } = section
  const lower = (entries: readonly string[]) => entries.map(entry => entry.toLowerCase())
  const lists = { allow: allow === null ? null : lower(allow), deny: lower(deny) }
  const answerOf = lastAnswerOf((licence: string | null) => licenceAnswerOf(licence, lists))
  const isExcepted = nameMatcherOf(except)
  return {
    name: 'licence',
    judge: facts => {
      if (facts.manifest === null || isExcepted(facts.package)) return null
      const { licence } = facts.manifest
      const answer = answerOf(licence)
      if (answer.is === 'allowed' || (answer.is === 'unknown' && unknown === 'allow')) return null
      const written = licence?.slice(0, MAX_TOLD_CHARS)
      const message =
        answer.is === 'refused'
          ? `licence ${answer.licences.join(', ').slice(0, MAX_TOLD_CHARS)} is not allowed`
          : written === undefined
            ? 'it names no licence'
            : `its licence, ${JSON.stringify(written)}, is no SPDX expression`
      return denial(facts, { rule: 'licence', line, message })
    },
  }
}
