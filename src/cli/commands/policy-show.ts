import type { Command } from '../command.ts'
import { partsOf, tableOf, type View } from '../view.ts'

/** A waiver as the node shows it. */
export interface WaiverLine {
  readonly id: string | null
  readonly line: number | null
  readonly match: string
  readonly rules: readonly string[] | 'all'
  readonly who: string
  readonly why: string
  readonly until: string | null
}

/** The policy in force, as the node answers. */
export interface PolicyAnswer {
  readonly mode: string
  readonly modeFrom: string
  readonly dryRunUntil: string | null
  readonly file: string | null
  readonly problem: string | null
  readonly rules: readonly { readonly rule: string; readonly line: number | null; readonly says: object }[]
  readonly waivers: readonly WaiverLine[]
  readonly acceptedReleases: number
  readonly changesToRollBack: number
}

/** `hanse policy show`: mode, rules, waivers, and where each comes from. */
export const policyShowCommand: Command = {
  name: 'show',
  summary: 'show the policy in force, and where each part comes from',
  examples: ['hanse policy show'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<PolicyAnswer>('GET', '/api/policy') }
  },
  view: policyView,
}

export function policyView(policy: PolicyAnswer): View {
  const { mode, modeFrom, dryRunUntil, file, problem, rules, waivers } = policy
  const fields: (readonly [string, unknown])[] = [
    ['mode', dryRunUntil === null ? mode : `${mode} until ${dryRunUntil}`],
    ['from', modeFrom],
    ['file', file ?? 'none: the built-in policy'],
    ...(problem === null ? [] : [['problem', problem] as const]),
    ['accepted', `${policy.acceptedReleases} locked releases`],
    ['rollback', `${policy.changesToRollBack} changes can be undone`],
  ]
  const lines = rules.map(({ rule, line, says }) => [rule, whereOf(line), textOf(says)])
  return partsOf({ is: 'fields', fields }, tableOf(['RULE', 'FROM', 'SAYS'], lines, 'no rules'), waiversView(waivers))
}

/** Waivers, one a line; nothing at all where there are none. */
export function waiversView(waivers: readonly WaiverLine[]): View {
  if (waivers.length === 0) return partsOf()
  return tableOf(
    ['WAIVER', 'RELEASES', 'RULES', 'UNTIL', 'WHO', 'WHY'],
    waivers.map(({ id, line, match, rules, who, why, until }) => [
      ...[id ?? whereOf(line), match, rules, until ?? 'no end', who, why],
    ]),
    '',
  )
}

const whereOf = (line: number | null): string => (line === null ? 'built in' : `line ${line}`)

/** `hours 72, except npm:@acme/*`; what is empty is left out. */
function textOf(says: object): string {
  const told = Object.entries(says).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return told.map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : String(value)}`).join(', ')
}
