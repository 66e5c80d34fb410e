import { parseReleasePattern, type ReleasePattern, releasePatternText } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import type { MadeWaiver } from '../policy/index.ts'
import { MAX_WAIVERS } from '../policy/limits.ts'
import { endOf } from '../policy/moment-text.ts'

/** A waiver as it is asked for. */
export interface WaiverRequest {
  readonly match: string
  readonly rules: readonly string[] | 'all'
  readonly why: string
  /** `7d`, or a day; absent: until it is taken back. */
  readonly until?: string
}

/** A waiver as commands show it. */
export interface WaiverLine {
  /** null: of policy.yaml. */
  readonly id: string | null
  readonly line: number | null
  readonly match: string
  readonly rules: readonly string[] | 'all'
  readonly who: string
  readonly why: string
  /** ISO 8601. */
  readonly until: string | null
}

/** Lets releases pass rules; one for the same releases and rules takes the place of an older one. @throws NodeError E_USAGE, E_TOO_LARGE */
export async function waive(node: NodeContext, request: WaiverRequest, who: string): Promise<WaiverLine> {
  const match = patternOf(request.match)
  const text = releasePatternText(match)
  const rules = request.rules === 'all' ? request.rules : [...new Set(request.rules)].toSorted()
  const end = request.until === undefined ? null : endOf(request.until, Date.now())
  const told = rules === 'all' ? ['all'] : rules
  const asked = { who, what: 'policy.waive', match: text, rules: told, why: request.why, until: isoOf(end) }
  const decisions = await node.policy.change(asked, (before, at) => {
    const kept = before.waivers.filter(each => releasePatternText(each.match) !== text || !isSame(each.rules, rules))
    if (kept.length >= MAX_WAIVERS) {
      throw new NodeError('E_TOO_LARGE', `there are ${MAX_WAIVERS} waivers already`, {
        hint: 'hanse policy unwaive ID',
      })
    }
    const made = before.made + 1
    const waiver: MadeWaiver = {
      ...{ id: `w${made}`, match, who, why: request.why, until: end, at },
      rules: rules === 'all' ? rules : [...rules],
    }
    return { ...before, waivers: [...kept, waiver], made }
  })
  return waiverLineOf(decisions.waivers.at(-1)!)
}

/** Takes back the waiver of this name, or those of exactly these releases. @throws NodeError E_NOT_FOUND */
export async function unwaive(node: NodeContext, which: string, who: string): Promise<readonly WaiverLine[]> {
  const isId = /^w\d+$/.test(which)
  const text = isId ? which : releasePatternText(patternOf(which))
  const isMeant = (waiver: MadeWaiver) => (isId ? waiver.id : releasePatternText(waiver.match)) === text
  let gone: readonly MadeWaiver[] = []
  await node.policy.change({ who, what: 'policy.unwaive', waiver: text }, before => {
    gone = before.waivers.filter(isMeant)
    if (gone.length === 0) throw notFound(node, text)
    return { ...before, waivers: before.waivers.filter(each => !isMeant(each)) }
  })
  return gone.map(waiverLineOf)
}

export const waiverLineOf = ({ id, match, rules, who, why, until }: MadeWaiver): WaiverLine => ({
  ...{ id, line: null, match: releasePatternText(match), rules, who, why },
  until: isoOf(until),
})

function notFound(node: NodeContext, text: string): NodeError {
  const written = node.policy.contents().document.waivers.find(({ match }) => releasePatternText(match) === text)
  return new NodeError('E_NOT_FOUND', `no waiver made here is ${text}`, {
    hint: written === undefined ? 'hanse policy show' : `take it out of policy.yaml, line ${written.line}`,
  })
}

function patternOf(text: string): ReleasePattern {
  const parsed = parseReleasePattern(text)
  if (parsed.ok) return parsed.value
  throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 80))} names no releases: ${parsed.why}`, {
    hint: 'write npm:NAME, npm:NAME@1.2.3 or npm:@acme/*',
  })
}

const isSame = (a: readonly string[] | 'all', b: readonly string[] | 'all'): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
