import { type Command, type OptionSpec, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { fieldsOf } from '../view.ts'

type Action = 'follow' | 'allow' | 'mirror' | 'block' | 'unfollow' | 'disallow' | 'unmirror'

/** A publisher's id, for examples. */
const ID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const AS: OptionSpec = { flags: '--as <name>', text: 'your own name for it' }
const COPIES: OptionSpec = {
  flags: '--copies <n>',
  text: 'keep only what fewer than n other nodes are known to hold, 2 to 16; all: everything',
}
const FOR: OptionSpec = {
  flags: '--for <what>',
  text: 'install: names come from it; origin: its word and bytes count for upstreams',
  choices: ['install', 'origin', 'advisory'],
}
/** The verbs that change this node's relation to a publisher; local decisions, effective at once. */
export const relationCommands: readonly Command[] = [
  relationCommand('follow', "replicate a publisher's records; searchable, not installable", {
    examples: [`hanse follow ${ID} --as acme`, "hanse follow '*'"],
    options: [AS],
  }),
  relationCommand('allow', 'let names be installed from a publisher', {
    examples: [
      "hanse allow acme 'npm:@acme/*' pypi:acme-x",
      `hanse allow ${ID} --as acme`,
      'hanse allow acme --for origin',
    ],
    options: [AS, FOR],
    patterns: true,
  }),
  relationCommand('mirror', "keep a publisher's bytes here too", {
    examples: ['hanse mirror acme', 'hanse mirror acme --copies 3'],
    options: [AS, COPIES],
  }),
  relationCommand('block', 'end every relation and refuse the publisher, until hanse follow', {
    examples: ['hanse block acme'],
  }),
  relationCommand('unfollow', 'stop replicating; refused while allow or mirror stands', {
    examples: ['hanse unfollow acme', "hanse unfollow '*'"],
  }),
  relationCommand('disallow', 'take a permission back', {
    examples: ['hanse disallow acme', "hanse disallow acme 'npm:@acme/*'", 'hanse disallow acme --for origin'],
    options: [FOR],
    patterns: true,
  }),
  relationCommand('unmirror', "stop keeping a publisher's bytes", { examples: ['hanse unmirror acme'] }),
]

function publisherText(action: Action): string {
  return `an id (bafy…), or your name for it${action.endsWith('follow') ? "; '*': everything public, within follow.*" : ''}`
}

/** @throws CliError E_USAGE */
function copiesOf(text: string): number | 'all' {
  if (text === 'all') return text
  if (/^([2-9]|1[0-6])$/.test(text)) return Number(text)
  throw new CliError('E_USAGE', `--copies wants a number from 2 to 16, or all, not ${text.slice(0, 32)}`, {
    hint: 'hanse mirror acme --copies 3',
  })
}

interface Extras {
  readonly examples: readonly string[]
  readonly options?: readonly OptionSpec[]
  readonly patterns?: boolean
}

function relationCommand(
  action: Action,
  summary: string,
  { examples, options = [], patterns = false }: Extras,
): Command {
  return {
    name: action,
    summary,
    examples,
    args: [
      { name: '<publisher>', text: publisherText(action) },
      ...(patterns ? [{ name: '[pattern...]', text: "names, such as 'npm:@acme/*'; without one: all" }] : []),
    ],
    options,
    async run(input, context) {
      const [publisher, ...names] = input.args
      const as = textOf(input, 'as')
      const purpose = textOf(input, 'for')
      const copies = textOf(input, 'copies')
      const body = {
        action,
        publisher,
        ...(names.length > 0 ? { patterns: names } : {}),
        ...(as === undefined ? {} : { as }),
        ...(copies === undefined ? {} : { copies: copiesOf(copies) }),
        ...(purpose === undefined ? {} : { for: purpose }),
      }
      const node = await context.node()
      return { data: await node.call('POST', '/api/relations', { body }) }
    },
    view: (data: object) => fieldsOf(data),
  }
}
