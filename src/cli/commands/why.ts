import type { Command } from '../command.ts'
import { fieldsOf } from '../view.ts'

/** `hanse why PURL`: the decision about a package and what would change it. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'explain whether a package may be installed and what would change it',
  args: [{ name: '<purl>', text: 'npm:@acme/x@1.2.0' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('GET', '/api/why', { query: { purl: args[0] } }) }
  },
  view: (data: object) => fieldsOf(data),
}
