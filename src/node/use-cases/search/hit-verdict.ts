import {
  type PackageName,
  type PublisherId,
  type ReleaseSummary,
  type RouteAnswer,
  sourceLinesOf,
  type Verdict,
} from '../../../protocol/index.ts'
import type { HitVerdict } from '../../http/search-services.ts'
import { REPAIR_HINT } from '../../library/known-damage.ts'
import { unlessDamaged } from '../../library/stored-bodies.ts'
import type { NodeContext } from '../../node-context.ts'
import { factSourcesOf } from '../../policy/fact-sources.ts'
import type { PackageSource } from '../../policy/facts.ts'
import { judgeOf } from '../../policy/judge-releases.ts'
import { isPackageAllowed } from './standing.ts'

/** Releases that one search judges, about 10 µs each: what comes after them is not shown. */
const MAX_JUDGED = 300
/** Characters of one reason, which a publisher may have written. */
const MAX_REASON_CHARS = 300

/** A release that a search may show. */
export interface JudgedHit {
  readonly publisher: PublisherId
  readonly package: PackageName
  readonly version: string
  /** What the signed record of a peer's hit says; null: the release is held here. */
  readonly summary: ReleaseSummary | null
}

/** What the node says of a hit, and whether a search leaves it out. */
export interface Judged {
  readonly verdict: HitVerdict
  /** The policy denies it; that no route leads to it alone hides nothing. */
  readonly isDenied: boolean
}

/** Of a package with a record that is damaged here: nothing of it can be installed until that is repaired. */
const UNREADABLE: Judged = {
  isDenied: true,
  verdict: {
    ...{ decision: 'deny', rule: 'damaged', reason: 'a record of it is damaged on the disk of this node', until: null },
    hint: REPAIR_HINT,
  },
}

/**
 * Judges the hits of one search, each once, as if its publisher were the source of its name; then the routes are asked whether
 * it is. Null after MAX_JUDGED.
 */
export function hitJudgeOf(node: NodeContext, now: number): (hit: JudgedHit) => Judged | null {
  const sources = factSourcesOf(node)
  const rules = node.policy.inForce()
  const judged = new Map<string, Judged>()
  return hit => {
    const key = `${hit.publisher} ${hit.package}@${hit.version}`
    const known = judged.get(key)
    if (known !== undefined) return known
    if (judged.size >= MAX_JUDGED) return null
    const answer = unlessDamaged(() => {
      const { verdict, enforced } = judgeOf(sources, sourceOf(hit, now), rules, now)(hit.version)
      const isDenied = enforced.decision === 'deny'
      const unreached = isDenied ? null : unreachedOf(node, hit)
      return { isDenied, verdict: { ...(unreached ?? ruledOf(enforced)), ...wouldOf(verdict, enforced) } }
    })
    judged.set(key, answer ?? UNREADABLE)
    return answer ?? UNREADABLE
  }
}

function sourceOf({ package: name, publisher, version, summary }: JudgedHit, now: number): PackageSource {
  const route = { to: 'publisher', publisher, route: null, pin: false } as const
  if (summary === null) return { package: name, route, versions: null }
  const installScripts = summary.scripts === true ? ['install scripts'] : []
  const unknown = { deprecated: null, bytes: null, unpackedBytes: null }
  const manifest = { licence: summary.license ?? null, installScripts, ...unknown }
  return { package: name, route, versions: new Map([[version, { firstSeen: now, manifest }]]) }
}

type Ruled = Omit<HitVerdict, 'would'>

function ruledOf({ decision, until = null, reasons: [first] }: Verdict): Ruled {
  return {
    decision,
    rule: first?.rule ?? null,
    reason: first?.message.slice(0, MAX_REASON_CHARS) ?? null,
    until: until === null ? null : new Date(until).toISOString(),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  }
}

/** In dry-run, what the rules would decide. */
function wouldOf(verdict: Verdict, enforced: Verdict): Pick<HitVerdict, 'would'> {
  return verdict.decision === enforced.decision ? {} : { would: ruledOf(verdict) }
}

/** Why an install of this name does not get it from this publisher, and the command that changes it; null: it does. */
function unreachedOf(node: NodeContext, { publisher, package: name }: JudgedHit): Ruled | null {
  // No route leads to a publisher that is not allowed, so that the table need not be asked for each of its names.
  const route = isPackageAllowed(node, publisher, name) ? node.routes.resolve(name) : null
  if (route?.to === 'publisher' && route.publisher === publisher) return null
  const hint = hintOf(node, route, publisher, name)
  const why = route === null ? 'nobody here allowed its publisher for this name' : whyUnreached(node, route)
  const reason = why.slice(0, MAX_REASON_CHARS)
  return { decision: 'deny', rule: 'route', reason, until: null, ...(hint === null ? {} : { hint }) }
}

function whyUnreached(node: NodeContext, route: RouteAnswer): string {
  if (route.to === 'refused') return route.why
  const source = route.to === 'upstream' ? `upstream/${route.name}` : node.relations.nameOf(route.publisher)
  return `this name comes from ${source}`
}

function hintOf(
  node: NodeContext,
  route: RouteAnswer | null,
  publisher: PublisherId,
  name: PackageName,
): string | null {
  if (route?.to === 'refused' && route.refused === 'nowhere') return route.hint
  if (route?.to === 'publisher' && route.publisher === node.writer.publisher) return null
  const inTheWay = route === null || route.to === 'refused' ? null : route.route
  return sourceLinesOf([publisher], name, node.relations, inTheWay)
}
