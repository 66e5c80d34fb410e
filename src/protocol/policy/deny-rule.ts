import type { PolicyDocument } from './document.ts'
import { denial } from './objection.ts'
import { releaseMatcherOf } from './release-matcher.ts'
import { releasePatternText } from './release-pattern.ts'
import type { PolicyRule } from './verdict.ts'

/** Denies the releases that the operator named. */
export function denyRule(entries: PolicyDocument['deny']): PolicyRule {
  const denialsOf = releaseMatcherOf(entries)
  return {
    name: 'deny',
    judge: facts => {
      const [entry] = denialsOf(facts.package, facts.version)
      if (entry === undefined) return null
      const reason = entry.why === null ? '' : `: ${entry.why}`
      const message = `${releasePatternText(entry.match)} is denied here${reason}`
      return denial(facts, { rule: 'deny', line: entry.line, message })
    },
  }
}
