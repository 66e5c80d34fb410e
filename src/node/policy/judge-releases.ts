import { type Judgement, judge } from '../../protocol/index.ts'
import { type FactSources, factsOf, type PackageSource } from './facts.ts'
import type { PolicyInForce } from './policy-in-force.ts'

/** Judges the versions of one package at one moment: the one question at every door. */
export function judgeOf(
  sources: FactSources,
  source: PackageSource,
  { policy }: Pick<PolicyInForce, 'policy'>,
  now: number,
): (version: string) => Judgement {
  const facts = factsOf(sources, source)
  return version => {
    const legal = sources.purges.whyNot(source.package, version)
    return legal === null ? judge(facts(version), policy, now) : legalDenialOf(legal)
  }
}

/** Name of the rule that is nobody's to configure. */
export const LEGAL_RULE = 'legal'

/** What the law took away is denied in every mode. */
function legalDenialOf(message: string): Judgement {
  const denied = { decision: 'deny', reasons: [{ rule: LEGAL_RULE, message, hint: 'hanse purge --list' }] } as const
  return { verdict: denied, enforced: denied, changesAt: null }
}
