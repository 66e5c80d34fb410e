import type { PolicyFacts } from './facts.ts'
import type { Judgement, Objection, Policy, PolicyRule, Reason, Verdict } from './verdict.ts'

/** The verdict on one release: one denial denies, else the longest hold holds (DESIGN section 6). */
export function evaluate(facts: PolicyFacts, policy: Policy, now: number): Verdict {
  return verdictOf(objectionsOf(policy.rules, facts, now))
}

/** What doors ask: the verdict, what of it binds in the policy's mode, and until when both stand. */
export function judge(facts: PolicyFacts, policy: Policy, now: number): Judgement {
  const objections = objectionsOf(policy.rules, facts, now)
  const verdict = verdictOf(objections)
  const standing = new Set(policy.rules.filter(rule => rule.standing === true))
  const enforced = policy.mode === 'dry-run' ? verdictOf(objections.filter(({ rule }) => standing.has(rule))) : verdict
  const ends = objections.map(({ objection }) => (objection.decision === 'hold' ? objection.until : null))
  const changes = policy.rules.map(rule => rule.changesAt?.(facts, now) ?? null)
  return { verdict, enforced, changesAt: earliestOf([...ends, ...changes]) }
}

/** The first of several times, null: never. */
export const earliestOf = (times: readonly (number | null)[]): number | null =>
  times.reduce((first, time) => (first === null || (time !== null && time < first) ? time : first), null)

interface Raised {
  readonly rule: PolicyRule
  readonly objection: Objection
}

/** What the rules object now; a hold whose time has come is none. */
function objectionsOf(rules: readonly PolicyRule[], facts: PolicyFacts, now: number): Raised[] {
  return rules.flatMap(rule => {
    const objection = rule.judge(facts, now)
    if (objection === null) return []
    const isOver = objection.decision === 'hold' && objection.until !== null && objection.until <= now
    return isOver ? [] : [{ rule, objection }]
  })
}

function verdictOf(raised: readonly Raised[]): Verdict {
  const objections = raised.map(({ objection }) => objection)
  const denials = objections.filter(each => each.decision === 'deny')
  const holds = objections.filter(each => each.decision === 'hold')
  const reasons = helpful([...denials, ...holds].map(reasonOf))
  if (denials.length > 0) return { decision: 'deny', reasons }
  if (holds.length === 0) return { decision: 'allow', reasons: [] }
  return { decision: 'hold', until: lastOf(holds.map(({ until }) => until)), reasons }
}

/** Where one reason stays whatever is done, the hints of the others would help nobody. */
const helpful = (reasons: readonly Reason[]): readonly Reason[] =>
  reasons.every(({ hint }) => hint !== undefined) ? reasons : reasons.map(({ hint: _, ...reason }) => reason)

/** A hold without an end outlasts all others. */
const lastOf = (ends: readonly (number | null)[]): number | null =>
  ends.reduce((last, end) => (last === null || end === null ? null : Math.max(last, end)))

function reasonOf({ rule, message, line, hint }: Objection): Reason {
  return { rule, message, ...(line === undefined ? {} : { line }), ...(hint === undefined ? {} : { hint }) }
}
