import type { PolicyDocument } from './document.ts'
import type { PolicyFacts } from './facts.ts'
import { hold } from './objection.ts'
import { nameMatcherOf } from './release-matcher.ts'
import type { Objection, PolicyRule } from './verdict.ts'

const HOUR_MS = 3_600_000

/** The cool-down: what an upstream just published waits until others have looked at it. What anyone claims about time counts nothing. */
export function minimumAgeRule({ hours, except, line }: NonNullable<PolicyDocument['minimumAge']>): PolicyRule {
  const isExcepted = nameMatcherOf(except)
  return {
    name: 'minimumAge',
    judge: (facts, now): Objection | null => {
      if (facts.route.to !== 'upstream' || facts.exemption !== null) return null
      const since = facts.witnessed ?? facts.firstSeen
      const until = since === null ? null : since + hours * HOUR_MS
      // Most versions are old: for them nothing is put into words.
      if ((until !== null && until <= now) || isExcepted(facts.package)) return null
      return hold(facts, { rule: 'minimumAge', line, message: messageOf(facts, hours) }, until)
    },
  }
}

function messageOf({ witnessed, firstSeen }: PolicyFacts, hours: number): string {
  const rest = `what an upstream publishes waits ${hours} h`
  if (witnessed !== null) return `witnessed since ${isoOf(witnessed)}; ${rest}`
  return firstSeen === null ? `never seen here; ${rest}` : `known since ${isoOf(firstSeen)}; ${rest}`
}

const isoOf = (ms: number): string => new Date(ms).toISOString()
