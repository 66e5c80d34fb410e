import type { Command } from '../command.ts'
import { linesOf, partsOf, type View } from '../view.ts'

interface WhyAnswer {
  readonly purl: string
  readonly version: string | null
  readonly decision: string
  readonly code?: string
  readonly why: string
  readonly route: string
  readonly publisher: string | null
  readonly reasons: readonly { readonly rule: string; readonly message: string; readonly hint?: string }[]
  /** Commands that would change it, one a line. */
  readonly help?: string
  readonly facts: {
    readonly state: string
    readonly visibility: string | null
    readonly publishersWithIt: readonly string[]
  }
}

/** `hanse why PURL`: the decision about a package and what would change it. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'explain whether a package may be installed and what would change it',
  examples: ['hanse why npm:@acme/x@1.2.0'],
  args: [{ name: '<purl>', text: 'npm:@acme/x@1.2.0' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call<WhyAnswer>('GET', '/api/why', { query: { purl: args[0] } }) }
  },
  view: whyView,
}

/** How people see it: the sentence of a reason that is the answer already is not said twice. */
export function whyView(answer: WhyAnswer): View {
  const { purl, version, decision, code, why, route, publisher, reasons, facts } = answer
  const help = [...(answer.help?.split('\n') ?? []), ...reasons.flatMap(({ hint }) => hint?.split('\n') ?? [])]
  const fields: (readonly [string, unknown])[] = [
    ['package', version === null ? purl : `${purl}@${version}`],
    ['decision', code === undefined ? decision : `${decision} (${code})`],
    ['why', why],
    ...reasons.filter(({ message }) => !why.includes(message)).map(({ message }) => ['and', message] as const),
    ['route', route],
    ['publisher', publisher],
    ['release', facts.visibility === null ? facts.state : `${facts.state}, ${facts.visibility}`],
    ...facts.publishersWithIt.map((id, at) => [at === 0 ? 'known from' : '', id] as const),
  ]
  return partsOf({ is: 'fields', fields }, linesOf(...[...new Set(help)].map(line => `help: ${line}`)))
}
