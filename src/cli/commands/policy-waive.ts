import { type Command, listOf, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, partsOf } from '../view.ts'
import { type WaiverLine, waiversView } from './policy-show.ts'

/** `hanse policy waive PURL[@RANGE] --rule NAME --why TEXT [--until 7d]`. */
export const policyWaiveCommand: Command = {
  name: 'waive',
  summary: 'let releases pass rules, for a time',
  examples: [
    "hanse policy waive npm:left-pad@1.3.0 --rule minimumAge --why 'mends CVE-2026-0001' --until 7d",
    "hanse policy waive 'npm:@acme/*' --rule installScripts --rule licence --why 'our own' --until 2027-06-30",
  ],
  args: [{ name: '<releases>', text: "npm:NAME, npm:NAME@RANGE or 'npm:@acme/*'" }],
  options: [
    {
      flags: '--rule <name>',
      text: 'a rule, as refusals name it; repeatable; all: every one but malware',
      repeat: true,
    },
    { flags: '--why <text>', text: 'the reason; hanse policy show tells it' },
    { flags: '--until <time>', text: '7d, or a day such as 2027-06-30; without it, until it is taken back' },
  ],
  async run(input, context) {
    const rules = listOf(input, 'rule')
    const why = textOf(input, 'why')
    const until = textOf(input, 'until')
    if (rules.length === 0) throw missing('--rule', 'the refusal names the rule; hanse why PURL tells it')
    if (why === undefined) throw missing('--why', "--why 'mends CVE-2026-0001'")
    const body = {
      ...{ match: input.args[0], rules: rules.includes('all') ? 'all' : rules, why },
      ...(until === undefined ? {} : { until }),
    }
    const node = await context.node()
    return { data: await node.call<WaiverLine>('POST', '/api/policy/waivers', { body }) }
  },
  view: (waiver: WaiverLine) => waiversView([waiver]),
}

/** `hanse policy unwaive ID|PURL`. */
export const policyUnwaiveCommand: Command = {
  name: 'unwaive',
  summary: 'take back a waiver that a command made',
  examples: ['hanse policy unwaive w3', 'hanse policy unwaive npm:left-pad@1.3.0'],
  args: [{ name: '<waiver>', text: 'its name in hanse policy show, or its releases as they were given' }],
  async run({ args: [which] }, context) {
    const node = await context.node()
    return { data: await node.call<readonly WaiverLine[]>('DELETE', '/api/policy/waivers', { query: { which } }) }
  },
  view: (waivers: readonly WaiverLine[]) => partsOf(linesOf('taken back:'), waiversView(waivers)),
}

const missing = (option: string, hint: string) => new CliError('E_USAGE', `${option} is missing`, { hint })
