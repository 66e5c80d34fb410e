import { shortNameOf, type Verdict } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import { LEGAL_RULE } from '../../policy/judge-releases.ts'
import { refusalTextOf } from '../../policy/refusal-text.ts'
import type { RoutedPackage } from './registry-router.ts'

/** What a verdict withholds: 451 where the law does, else 403. */
export function refusedBy(what: string, verdict: Verdict): NodeError {
  const [reason] = verdict.reasons
  return reason?.rule === LEGAL_RULE ? purged(what, reason.message) : denied(what, refusalTextOf(verdict))
}

/** A version that the law took away: 451 with its reference. */
export const purged = (what: string, why: string): NodeError =>
  new NodeError('E_PURGED', `${why} (${what})`, { hint: 'hanse purge --list' })

/** A version that is there and withheld: 403 with the rule's words. */
const denied = (what: string, why: string): NodeError =>
  new NodeError('E_POLICY_DENIED', `${what} ${why}`, { hint: `hanse why ${what}` })

export const noVersion = (name: string, wanted: string): NodeError =>
  new NodeError('E_NOT_FOUND', `npm:${name} has no version or tag ${wanted.slice(0, 80)}`, {
    hint: `hanse info npm:${name}`,
  })

export const noPackage = (routed: RoutedPackage, name: string): NodeError =>
  new NodeError('E_NOT_FOUND', `${shortNameOf(routed.package)} is not at ${routed.sourceKey}`, {
    hint: `hanse why npm:${name}`,
  })
