import type { Command } from '../command.ts'
import { fieldsOf } from '../view.ts'

/** `hanse status`: who this node is, what it holds and how it is. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'show who this node is, what it holds and how it is',
  examples: ['hanse status', 'hanse status --node http://hanse.example:7700 --token TOKEN'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call('GET', '/api/status') }
  },
  view: (data: object) => fieldsOf(data),
}
