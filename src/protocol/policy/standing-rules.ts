import { hold } from './objection.ts'
import type { PolicyRule } from './verdict.ts'

/** No route leads to a permitted source. */
const routeRule: PolicyRule = {
  name: 'route',
  standing: true,
  judge: ({ route }) => {
    if (route.to !== 'refused') return null
    return { decision: 'deny', rule: 'route', message: route.why, ...(route.hint === null ? {} : { hint: route.hint }) }
  },
}

/** The publisher withdrew the version. */
const yankedRule: PolicyRule = {
  name: 'yanked',
  standing: true,
  judge: ({ release }) =>
    release?.state === 'yanked' || (release?.yankedWhy ?? null) !== null
      ? { decision: 'deny', rule: 'yanked', message: `withdrawn by its publisher: ${release?.yankedWhy ?? ''}` }
      : null,
}

/** One file name with two contents: nobody can say which is meant. */
const conflictRule: PolicyRule = {
  name: 'conflict',
  standing: true,
  judge: ({ release }) =>
    release?.state === 'conflict'
      ? { decision: 'deny', rule: 'conflict', message: 'its publisher released one file with two contents' }
      : null,
}

/** The root delegated to the release's writer for a time that is over (specification section 6.7). */
const expiredRule: PolicyRule = {
  name: 'expired',
  standing: true,
  judge: ({ release }, now) => {
    if (!hasExpired(release?.expires ?? null, now)) return null
    const message = 'its writer’s delegation has expired; it may be installed again when its publisher renews it'
    return { decision: 'deny', rule: 'expired', message }
  },
  changesAt: ({ release }, now) => {
    const expires = release?.expires ?? null
    return hasExpired(expires, now) ? null : expires
  },
}

/** Nodes, or a node and an upstream, name different bytes for one version: it waits for somebody who knows which are right. */
const originRule: PolicyRule = {
  name: 'origin',
  standing: true,
  judge: facts => {
    if (facts.dispute === null) return null
    return hold(facts, { rule: 'origin', line: null, message: `its digest is disputed: ${facts.dispute}` }, null)
  },
}

/** Whether a time after which something is not accepted has come; null is never. */
export const hasExpired = (expires: number | null, now: number): boolean => expires !== null && expires <= now

/** The rules that bind in every mode; the order is the one in which reasons are told. */
export const STANDING_RULES: readonly PolicyRule[] = [routeRule, conflictRule, yankedRule, expiredRule, originRule]
