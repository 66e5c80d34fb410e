import { type PackageName, shortNameOf } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { type JudgedRelease, judgeAll, type RefusedRelease } from './policy-judged.ts'

/** Installs that are looked back at, ms: as far as the journal goes. */
const LOOK_BACK_MS = 7 * 24 * 60 * 60 * 1_000

/** A release that was installed and would have been refused then. */
interface WouldRefuse extends RefusedRelease {
  /** Who installed it, the last ten. */
  readonly who: readonly string[]
}
const MAX_TOLD_WHO = 10

/** What enforcing did, or would do: with `yes`, or when nothing would have been refused, it is done. */
export async function enforcePolicy(
  node: NodeContext,
  { yes, who }: { readonly yes: boolean; readonly who: string },
  signal: AbortSignal,
): Promise<object> {
  await node.policy.reload()
  if (node.policy.inForce().mode === 'enforce') return { enforced: true, changed: false, installs: 0, wouldRefuse: [] }
  const { releases, whoOf } = await installedLately(node)
  const judged = await judgeAll(node, withoutInstalled(node), releases, signal)
  const wouldRefuse: WouldRefuse[] = judged.refused.map(each => ({
    ...each,
    who: whoOf(each).slice(-MAX_TOLD_WHO),
  }))
  const found = { installs: releases.length, wouldRefuse, unanswered: judged.unanswered }
  if (!yes && wouldRefuse.length + judged.unanswered.length > 0) return { enforced: false, changed: false, ...found }
  await node.policy.change({ who, what: 'policy.enforce', wouldRefuse: wouldRefuse.length }, (decisions, at) => ({
    ...decisions,
    dryRun: null,
    enforced: { who, at },
  }))
  return { enforced: true, changed: true, ...found }
}

/** What was installed counts by its own facts: that it was is the question here. */
function withoutInstalled(node: NodeContext) {
  const exemptionOf = (name: PackageName, version: string) =>
    node.policy.isAccepted(name, version) ? ('locked' as const) : null
  return { ...factSourcesOf(node), policy: { exemptionOf } }
}

/** Each release at the moment it was first installed in the time looked at. */
async function installedLately(node: NodeContext) {
  const installs = (await node.installs.since(Date.now() - LOOK_BACK_MS)).toSorted((a, b) => a.at - b.at)
  const first = new Map<string, JudgedRelease>()
  const names = new Map<string, Set<string>>()
  for (const { at, purl, version, who } of installs) {
    const key = `${shortNameOf(purl)} ${version}`
    if (!first.has(key)) first.set(key, { package: purl, version, at })
    names.set(key, (names.get(key) ?? new Set()).add(who))
  }
  const whoOf = (refused: RefusedRelease) => [...(names.get(`${refused.package} ${refused.version}`) ?? [])]
  return { releases: [...first.values()], whoOf }
}
