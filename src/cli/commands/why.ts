import type { Command } from '../command.ts'
import { fieldsOf, linesOf, partsOf } from '../view.ts'

/** `hanse why PURL`: the decision about a package and what would change it. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'explain whether a package may be installed and what would change it',
  examples: ['hanse why npm:@acme/x@1.2.0'],
  args: [{ name: '<purl>', text: 'npm:@acme/x@1.2.0' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('GET', '/api/why', { query: { purl: args[0] } }) }
  },
  view: ({ help, ...data }: { readonly help?: string }) =>
    partsOf(fieldsOf(data), linesOf(...(help?.split('\n') ?? []).map(line => `help: ${line}`))),
}
