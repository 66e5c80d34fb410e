import {
  evaluate,
  hasExpired,
  type PackageName,
  type Policy,
  type ReleaseState,
  type RouteAnswer,
  STANDING_RULES,
  type Verdict,
} from '../../../protocol/index.ts'
import type { NodeContext } from '../../node-context.ts'

/** The rules in force; `revision` changes exactly when they do, so that stored bodies are made again. */
export interface PolicyInForce {
  readonly revision: string
  readonly policy: Policy
}

/** The rules that no configuration switches off; the operator's own come with the policy file. */
export const standingPolicy = (): PolicyInForce => ({ revision: 'standing', policy: { rules: STANDING_RULES } })

/** When from now on a version ceases to be vouched for, null: never; only publishers' releases ever do. */
export function expiryOf(
  library: Pick<NodeContext['library'], 'package'>,
  name: PackageName,
  route: RouteAnswer,
  now: number,
): (version: string) => number | null {
  const state = route.to === 'publisher' ? library.package(route.publisher, name) : null
  return version => {
    const expires = state?.releases.get(version)?.expires ?? null
    return hasExpired(expires, now) ? null : expires
  }
}

/** The one way a version of an npm package is judged, for its packument and again for its bytes. */
export function judgeOf(
  library: Pick<NodeContext['library'], 'package'>,
  name: PackageName,
  route: RouteAnswer,
  { policy }: PolicyInForce,
  now: number,
): (version: string) => Verdict {
  const state = route.to === 'publisher' ? library.package(route.publisher, name) : null
  return version => {
    const release: ReleaseState | null = state?.releases.get(version) ?? null
    return evaluate({ package: name, version, route, release }, policy, now)
  }
}
