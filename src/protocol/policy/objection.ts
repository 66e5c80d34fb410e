import { shortNameOf } from '../purl.ts'
import type { PolicyFacts } from './facts.ts'
import type { ConfiguredRule } from './rule-name.ts'
import type { Objection } from './verdict.ts'

interface Told {
  readonly rule: ConfiguredRule | 'origin'
  readonly message: string
  readonly line: number | null
}

/** Denies a release, with the command that would let it pass where there is a good reason to. */
export const denial = (facts: PolicyFacts, told: Told): Objection => ({ decision: 'deny', ...reasonOf(facts, told) })

/** Holds a release until a time (ms since 1970), or until somebody decides. */
export const hold = (facts: PolicyFacts, told: Told, until: number | null): Objection => ({
  decision: 'hold',
  ...reasonOf(facts, told),
  until,
})

function reasonOf(facts: PolicyFacts, { rule, message, line }: Told) {
  // Nobody should be one pasted line away from malware.
  const hint = rule === 'malware' ? {} : { hint: waiveLineOf(facts, rule) }
  return { rule, message, ...hint, ...(line === null ? {} : { line }) }
}

/** The command that lets a release pass a rule; TEXT is the operator's to write. */
function waiveLineOf({ package: name, version }: Pick<PolicyFacts, 'package' | 'version'>, rule: string): string {
  const release = version === '' ? shortNameOf(name) : `${shortNameOf(name)}@${version}`
  return `hanse policy waive ${shellWordOf(release)} --rule ${rule} --why TEXT`
}

/** One word for a shell, whatever is in it. */
const shellWordOf = (text: string): string => (/^[\w@:./+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
