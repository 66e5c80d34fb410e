import type { Command } from '../command.ts'
import { linesOf } from '../view.ts'

interface RollbackAnswer {
  readonly at: string
  readonly who: string
  readonly what: string
  readonly changes: readonly string[]
  readonly mode: string
}

/** `hanse policy rollback`: the policy before the last change. */
export const policyRollbackCommand: Command = {
  name: 'rollback',
  summary: 'undo the last change of policy, be it of the file or by a command',
  examples: ['hanse policy rollback'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<RollbackAnswer>('POST', '/api/policy/rollback', { body: {} }) }
  },
  view: ({ what, who, at, changes, mode }: RollbackAnswer) =>
    linesOf(`undone: ${what} by ${who}, ${at}`, ...changes, `the mode is ${mode}`),
}
