import type { PolicyDocument, Waiver } from './document.ts'
import { earliestOf } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import { releaseMatcherOf } from './release-matcher.ts'
import { WAIVED_BY_ALL } from './rule-name.ts'
import type { PolicyRule } from './verdict.ts'

/** Waivers of a release that are in force. */
export type WaiversOf = (facts: PolicyFacts, now: number) => readonly Waiver[]

export function waiversOf(waivers: PolicyDocument['waivers']): WaiversOf {
  const ofRelease = releaseMatcherOf(waivers)
  return (facts, now) => ofRelease(facts.package, facts.version).filter(({ until }) => until === null || now < until)
}

/** Whether a waiver lets releases pass a rule. */
const mayPass = ({ rules }: Waiver, rule: string): boolean => (rules === 'all' ? WAIVED_BY_ALL : rules).includes(rule)

/** The rule, silent where a waiver lets the release pass it, for as long as that lasts. */
export function waivedRule(rule: PolicyRule, waiversOfRelease: WaiversOf): PolicyRule {
  const passesOf: WaiversOf = (facts, now) => waiversOfRelease(facts, now).filter(waiver => mayPass(waiver, rule.name))
  return {
    ...rule,
    judge: (facts, now) => {
      const objection = rule.judge(facts, now)
      return objection === null || passesOf(facts, now).length > 0 ? null : objection
    },
    changesAt: (facts, now) => {
      const ends = passesOf(facts, now).map(({ until }) => until)
      return earliestOf([...ends, rule.changesAt?.(facts, now) ?? null])
    },
  }
}
