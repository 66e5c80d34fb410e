import { type Command, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { type PolicyAnswer, policyView } from './policy-show.ts'

const MODES = ['dry-run', 'enforce'] as const

/** `hanse policy mode dry-run --for 2h --reason TEXT`, `hanse policy mode enforce`. */
export const policyModeCommand: Command = {
  name: 'mode',
  summary: 'refuse nothing for a time that ends by itself, or end it now',
  examples: ["hanse policy mode dry-run --for 2h --reason 'the release must go out'", 'hanse policy mode enforce'],
  args: [{ name: '<mode>', text: 'dry-run or enforce', choices: MODES }],
  options: [
    { flags: '--for <time>', text: 'how long: 30m, 2h, 7d; at most 30d' },
    { flags: '--reason <text>', text: 'why; the audit log keeps it' },
  ],
  async run(input, context) {
    const span = textOf(input, 'for')
    const reason = textOf(input, 'reason')
    const [mode] = input.args
    if (mode === 'dry-run' && (span === undefined || reason === undefined)) {
      throw new CliError('E_USAGE', 'dry-run by command needs --for and --reason', {
        hint: 'hanse policy mode dry-run --for 2h --reason TEXT; for good: mode: dry-run in policy.yaml',
      })
    }
    if (mode === 'enforce' && (span !== undefined || reason !== undefined)) {
      throw new CliError('E_USAGE', 'enforce takes neither --for nor --reason', { hint: 'hanse policy mode enforce' })
    }
    const node = await context.node()
    const body = mode === 'dry-run' ? { mode, for: span, reason } : { mode }
    return { data: await node.call<PolicyAnswer>('POST', '/api/policy/mode', { body }) }
  },
  view: policyView,
}
