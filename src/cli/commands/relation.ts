import { type Command, type OptionSpec, textOf } from '../command.ts'
import { fieldsOf } from '../view.ts'

type Action = 'follow' | 'allow' | 'mirror' | 'block' | 'unfollow' | 'disallow' | 'unmirror'

const AS: OptionSpec = { flags: '--as <name>', text: 'your own name for it' }
/** The verbs that change this node's relation to a publisher; local decisions, effective at once. */
export const relationCommands: readonly Command[] = [
  relationCommand('follow', "replicate a publisher's records; searchable, not installable", { options: [AS] }),
  relationCommand('allow', 'let names be installed from a publisher', { options: [AS], patterns: true }),
  relationCommand('mirror', "keep a publisher's bytes here too", { options: [AS] }),
  relationCommand('block', 'end every relation and refuse the publisher'),
  relationCommand('unfollow', 'stop replicating; refused while allow or mirror stands'),
  relationCommand('disallow', 'take a permission back', { patterns: true }),
  relationCommand('unmirror', "stop keeping a publisher's bytes"),
]

interface Extras {
  readonly options?: readonly OptionSpec[]
  readonly patterns?: boolean
}

function relationCommand(action: Action, summary: string, { options = [], patterns = false }: Extras = {}): Command {
  return {
    name: action,
    summary,
    args: [
      { name: '<publisher>', text: 'an id (bafy…), a domain or your name for it' },
      ...(patterns ? [{ name: '[pattern...]', text: "names, such as 'npm:@acme/*'; without one: all" }] : []),
    ],
    options,
    async run(input, context) {
      const [publisher, ...names] = input.args
      const as = textOf(input, 'as')
      const body = {
        action,
        publisher,
        ...(names.length > 0 ? { patterns: names } : {}),
        ...(as === undefined ? {} : { as }),
      }
      const node = await context.node()
      return { data: await node.call('POST', '/api/relations', { body }) }
    },
    view: (data: object) => fieldsOf(data),
  }
}
