import type { ReleaseState } from './fold/catalogue.ts'
import type { PackageName } from './ids.ts'
import type { RouteAnswer } from './route.ts'

/** What is known of one release when it is judged. */
export interface PolicyFacts {
  readonly package: PackageName
  readonly version: string
  readonly route: RouteAnswer
  /** null for a release that only an upstream has. */
  readonly release: ReleaseState | null
}

export type Decision = 'allow' | 'hold' | 'deny'
export interface Reason {
  /** Name of the rule. */
  readonly rule: string
  readonly message: string
  /** Line of the policy file that the rule comes from. */
  readonly line?: number
  /** The command or version to use instead. */
  readonly hint?: string
}
/** What one rule objects: a hold ends at `until` (ms since 1970), a denial when its cause does. */
export type Objection =
  | (Reason & { readonly decision: 'deny' })
  | (Reason & { readonly decision: 'hold'; readonly until: number })

/** A rule plugs in as a function; null: nothing against it. */
export interface PolicyRule {
  readonly name: string
  readonly judge: (facts: PolicyFacts, now: number) => Objection | null
}
export interface Policy {
  readonly rules: readonly PolicyRule[]
}
export interface Verdict {
  readonly decision: Decision
  /** When the last hold ends, ms since 1970. */
  readonly until?: number
  readonly reasons: readonly Reason[]
}

/** The verdict on one release: one denial denies, else the longest hold holds (DESIGN section 6). */
export function evaluate(facts: PolicyFacts, policy: Policy, now: number): Verdict {
  const objections = policy.rules.map(rule => rule.judge(facts, now)).filter(each => each !== null)
  const holds = objections.filter(each => each.decision === 'hold' && each.until > now)
  const denials = objections.filter(each => each.decision === 'deny')
  const reasons = [...denials, ...holds].map(reasonOf)
  if (denials.length > 0) return { decision: 'deny', reasons }
  if (holds.length === 0) return { decision: 'allow', reasons: [] }
  return { decision: 'hold', until: Math.max(...holds.map(each => ('until' in each ? each.until : now))), reasons }
}

function reasonOf({ rule, message, line, hint }: Objection): Reason {
  return { rule, message, ...(line === undefined ? {} : { line }), ...(hint === undefined ? {} : { hint }) }
}

/** No route leads to a permitted source. */
const routeRule: PolicyRule = {
  name: 'route',
  judge: ({ route }) => {
    if (route.to !== 'refused') return null
    return { decision: 'deny', rule: 'route', message: route.why, ...(route.hint === null ? {} : { hint: route.hint }) }
  },
}

/** The publisher withdrew the version. */
const yankedRule: PolicyRule = {
  name: 'yanked',
  judge: ({ release }) =>
    release?.state === 'yanked' || (release?.yankedWhy ?? null) !== null
      ? { decision: 'deny', rule: 'yanked', message: `withdrawn by its publisher: ${release?.yankedWhy ?? ''}` }
      : null,
}

/** One file name with two contents: nobody can say which is meant. */
const conflictRule: PolicyRule = {
  name: 'conflict',
  judge: ({ release }) =>
    release?.state === 'conflict'
      ? { decision: 'deny', rule: 'conflict', message: 'its publisher released one file with two contents' }
      : null,
}

/** The root delegated to the release's writer for a time that is over (specification section 6.7). */
const expiredRule: PolicyRule = {
  name: 'expired',
  judge: ({ release }, now) => {
    if (!hasExpired(release?.expires ?? null, now)) return null
    const message = 'its writer’s delegation has expired; it may be installed again when its publisher renews it'
    return { decision: 'deny', rule: 'expired', message }
  },
}

/** Whether a time after which something is not accepted has come; null is never. */
export const hasExpired = (expires: number | null, now: number): boolean => expires !== null && expires <= now

/** The rules that no configuration switches off. */
export const STANDING_RULES: readonly PolicyRule[] = [routeRule, conflictRule, yankedRule, expiredRule]
