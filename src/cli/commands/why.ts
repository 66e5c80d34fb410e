import type { Command, Context, Input } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, partsOf, type View } from '../view.ts'
import { type LastWithheld, withheldView } from '../withheld-view.ts'

interface WhyAnswer {
  readonly purl: string
  readonly version: string | null
  readonly decision: string
  readonly code?: string
  readonly why: string
  readonly route: string
  readonly publisher: string | null
  readonly reasons: readonly {
    readonly rule: string
    readonly message: string
    /** Of policy.yaml. */
    readonly line?: number
    readonly hint?: string
  }[]
  readonly mode?: 'dry-run' | 'enforce'
  /** When it changes by itself, ISO. */
  readonly until?: string | null
  /** The newest version that may be installed. */
  readonly instead?: string | null
  /** Commands that would change it, one a line. */
  readonly help?: string
  readonly facts: {
    readonly state: string
    readonly visibility: string | null
    readonly publishersWithIt: readonly string[]
    readonly known?: readonly { readonly fact: string; readonly value: string; readonly from: string }[]
  }
}

/** `hanse why PURL`: the decision about a package and what would change it; `--last`: what was withheld just now. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'explain whether a package may be installed and what would change it',
  examples: ['hanse why npm:@acme/x@1.2.0', 'hanse why --last', 'hanse why --last --token T'],
  args: [{ name: '[purl]', text: 'npm:@acme/x@1.2.0' }],
  options: [
    { flags: '--last', text: 'what was withheld in the last minutes from this token, or this machine' },
    { flags: '--all', text: 'with --last: from everybody, for administrators' },
  ],
  async run(input, context) {
    if (input.options.last !== true) return await explain(input, context)
    if (input.args.length > 0) throw new CliError('E_USAGE', '--last takes no package', { hint: 'hanse why --last' })
    const node = await context.node()
    const path = input.options.all === true ? '/api/why/last/all' : '/api/why/last'
    return { data: await node.call<LastWithheld>('GET', path) }
  },
  view: (answer: WhyAnswer | LastWithheld) => ('packages' in answer ? withheldView(answer) : whyView(answer)),
}

async function explain({ args: [purl], options }: Input, context: Context) {
  if (purl === undefined || options.all === true) {
    const what = options.all === true ? '--all goes with --last' : 'a package is missing'
    throw new CliError('E_USAGE', what, { hint: 'hanse why npm:NAME, or hanse why --last' })
  }
  const node = await context.node()
  return { data: await node.call<WhyAnswer>('GET', '/api/why', { query: { purl } }) }
}

/** How people see it: the sentence of a reason that is the answer already is not said twice. */
export function whyView(answer: WhyAnswer): View {
  const { purl, version, decision, code, why, route, publisher, reasons, facts, mode, until, instead } = answer
  const help = [...(answer.help?.split('\n') ?? []), ...reasons.flatMap(({ hint }) => hint?.split('\n') ?? [])]
  const fields: (readonly [string, unknown])[] = [
    ['package', version === null ? purl : `${purl}@${version}`],
    ['decision', code === undefined ? decision : `${decision} (${code})`],
    ['why', why],
    ...reasons.filter(({ message }) => !why.includes(message)).map(({ message }) => ['and', message] as const),
    ...reasons.map(
      ({ rule, line }) => ['rule', line === undefined ? rule : `${rule}, policy.yaml line ${line}`] as const,
    ),
    ...told('policy', mode === 'dry-run' ? 'dry-run: it refuses nothing but what stands whatever it says' : null),
    ...told('changes', until),
    ...told('instead', instead),
    ['route', route],
    ['publisher', publisher],
    ['release', facts.visibility === null ? facts.state : `${facts.state}, ${facts.visibility}`],
    ...facts.publishersWithIt.map((id, at) => [at === 0 ? 'known from' : '', id] as const),
    ...(facts.known ?? []).map(({ fact, value, from }) => [fact, `${value} (${from})`] as const),
  ]
  return partsOf({ is: 'fields', fields }, linesOf(...[...new Set(help)].map(line => `help: ${line}`)))
}

const told = (name: string, value: string | null | undefined): (readonly [string, string])[] =>
  value === null || value === undefined ? [] : [[name, value]]
