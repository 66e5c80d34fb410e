import { malwareRule, vulnerabilityRule } from './advisory-rules.ts'
import { denyRule } from './deny-rule.ts'
import { deprecatedRule } from './deprecated-rule.ts'
import type { PolicyDocument } from './document.ts'
import { installScriptsRule } from './install-scripts-rule.ts'
import { licenceRule } from './licence-rule.ts'
import { lookAlikeRule } from './look-alike-rule.ts'
import { minimumAgeRule } from './minimum-age-rule.ts'
import { releaseMatcherOf } from './release-matcher.ts'
import { sizeRule } from './size-rule.ts'
import { STANDING_RULES } from './standing-rules.ts'
import type { Policy, PolicyRule } from './verdict.ts'
import { waivedRule, waiversOf } from './waived-rule.ts'

/** The standing rules, then the operator's: allowed and waived releases pass those that the document lets them pass. */
export function compilePolicy(document: PolicyDocument): Policy {
  const waivers = waiversOf(document.waivers)
  const allowances = releaseMatcherOf(document.allow)
  const standing = STANDING_RULES.map(rule => (rule.name === 'origin' ? waivedRule(rule, waivers) : rule))
  const configured = configuredRulesOf(document).map(rule => {
    const isForAll = rule.name === 'malware'
    const kept = isForAll ? rule : exceptFor(rule, facts => allowances(facts.package, facts.version).length > 0)
    return waivedRule(kept, waivers)
  })
  return { mode: document.mode, rules: [...standing, ...configured] }
}

/** In the order in which reasons are told: what is said about a release before what it says itself. */
function configuredRulesOf(document: PolicyDocument): PolicyRule[] {
  const { advisory, deny, lookAlike, minimumAge, licence, installScripts, deprecated, size } = document
  const rules = [
    advisory && malwareRule(advisory),
    advisory && vulnerabilityRule(advisory),
    deny.length === 0 ? null : denyRule(deny),
    lookAlike && lookAlikeRule(lookAlike),
    minimumAge && minimumAgeRule(minimumAge),
    licence && licenceRule(licence),
    installScripts && installScriptsRule(installScripts),
    deprecated && deprecatedRule(deprecated),
    size && sizeRule(size),
  ]
  return rules.filter(rule => rule !== null)
}

function exceptFor(rule: PolicyRule, isLetPass: (facts: Parameters<PolicyRule['judge']>[0]) => boolean): PolicyRule {
  return { ...rule, judge: (facts, now) => (isLetPass(facts) ? null : rule.judge(facts, now)) }
}
