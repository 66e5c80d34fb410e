import type { Command } from '../command.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'
import { EXEMPT_RULES, type RefusedLine } from './policy-test.ts'

interface EnforceAnswer {
  readonly enforced: boolean
  readonly changed: boolean
  readonly installs: number
  readonly wouldRefuse: readonly (RefusedLine & { readonly who: readonly string[] })[]
  readonly unanswered?: readonly { readonly package: string; readonly code: string; readonly message: string }[]
}

/** `hanse policy enforce`: ends dry-run, after saying what it would have refused. */
export const policyEnforceCommand: Command = {
  name: 'enforce',
  summary: 'end dry-run; says first what it would have refused of the installs of the last 7 days',
  examples: ['hanse policy enforce', 'hanse policy enforce --yes'],
  options: [{ flags: '--yes', text: 'also when something would have been refused' }],
  async run({ options }, context) {
    const node = await context.node()
    const body = { yes: options.yes === true }
    const data = await node.call<EnforceAnswer>('POST', '/api/policy/enforce', { body })
    return { data, refused: !data.enforced }
  },
  view: enforceView,
}

/** That it was installed in dry-run exempts nothing: people should know how what they need goes on being installed. */
const NEEDED =
  'what was installed in dry-run is refused from then on; hanse policy accept --lockfile FILE exempts what a project needs'

function enforceView({ enforced, changed, installs, wouldRefuse, unanswered = [] }: EnforceAnswer): View {
  if (enforced && !changed) return linesOf('the policy is enforced already')
  return partsOf(
    tableOf(
      ['RELEASE', 'RULE', 'INSTALLED BY', 'WHY'],
      wouldRefuse.map(({ package: name, version, rule, who, message }) => [`${name}@${version}`, rule, who, message]),
      'nothing would have been refused',
    ),
    ...unanswered.map(({ package: name, code, message }) => linesOf(`${name}: not judged, ${code}: ${message}`)),
    linesOf(`${wouldRefuse.length} of ${installs} releases installed in the last 7 days would have been refused`),
    ...(wouldRefuse.some(({ rule }) => EXEMPT_RULES.includes(rule)) ? [linesOf(NEEDED)] : []),
    linesOf(enforced ? 'the policy is enforced' : 'the policy is not enforced yet'),
    ...(enforced ? [] : [linesOf('help: hanse policy enforce --yes')]),
  )
}
