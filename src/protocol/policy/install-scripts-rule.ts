import type { PolicyDocument } from './document.ts'
import { denial } from './objection.ts'
import { nameMatcherOf } from './release-matcher.ts'
import type { PolicyRule } from './verdict.ts'

/** Denies what runs its own code when it is installed, except the names on the list. */
export function installScriptsRule({ allow, line }: NonNullable<PolicyDocument['installScripts']>): PolicyRule {
  const isAllowed = nameMatcherOf(allow)
  return {
    name: 'installScripts',
    judge: facts => {
      const scripts = facts.manifest?.installScripts ?? []
      if (scripts.length === 0 || isAllowed(facts.package)) return null
      const message = `it runs code when it is installed (${scripts.join(', ')}) and is not on the list`
      return denial(facts, { rule: 'installScripts', line, message })
    },
  }
}
