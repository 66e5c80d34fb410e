import { type PolicyDocument, releasePatternText, type Waiver } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import type { Decisions } from '../policy/index.ts'
import { type WaiverLine, waiverLineOf } from './policy-waivers.ts'

/** One rule in force, and where it is written; null: the built-in policy has it. */
interface RuleLine {
  readonly rule: string
  readonly line: number | null
  readonly says: unknown
}

/** The policy in force: mode, rules with lines, waivers, each with where it comes from. */
export async function showPolicy(node: NodeContext): Promise<object> {
  await node.policy.reload()
  const { document: file, decisions, path, isThere, accepted, changes } = node.policy.contents()
  const written = file.waivers.map(waiver => writtenWaiverOf(waiver))
  return {
    mode: node.policy.inForce().mode,
    modeFrom: modeOriginOf(file, decisions, isThere),
    dryRunUntil: decisions.dryRun === null ? null : new Date(decisions.dryRun.until).toISOString(),
    file: isThere ? path : null,
    problem: node.policy.problem(),
    rules: ruleLinesOf(file),
    waivers: [...written, ...decisions.waivers.map(waiverLineOf)],
    acceptedReleases: accepted,
    changesToRollBack: changes,
  }
}

function modeOriginOf(file: PolicyDocument, { dryRun, enforced }: Decisions, isThere: boolean): string {
  if (dryRun !== null) return `hanse policy mode, by ${dryRun.who}: ${dryRun.why}`
  if (enforced !== null) return `hanse policy enforce, by ${enforced.who}; the file says ${file.mode}`
  return isThere ? 'policy.yaml' : 'built in'
}

/** In the order of policy.yaml; sections that judge nothing are left out. */
function ruleLinesOf(document: PolicyDocument): RuleLine[] {
  const { mode: _, waivers: __, deny, allow, ...sections } = document
  const rules = Object.entries(sections).flatMap(([rule, section]): RuleLine[] => {
    if (section === null) return []
    const { line, ...says } = section
    return [{ rule, line, says }]
  })
  const named = [...deny.map(each => ['deny', each] as const), ...allow.map(each => ['allow', each] as const)]
  return [
    ...rules,
    ...named.map(([rule, { match, why, line }]) => ({ rule, line, says: { match: releasePatternText(match), why } })),
  ]
}

const writtenWaiverOf = ({ match, rules, who, why, until, line }: Waiver): WaiverLine => ({
  ...{ id: null, line, match: releasePatternText(match), rules, who, why },
  until: until === null ? null : new Date(until).toISOString(),
})
