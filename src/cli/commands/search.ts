import { type Command, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, partsOf, tableOf } from '../view.ts'

interface SearchAnswer {
  readonly hits: readonly {
    readonly purl: string
    readonly publisher: string
    readonly publisherName: string | null
    readonly description?: string | null
    readonly source: 'local' | 'federated'
    readonly relation: unknown
    /** The trusted name that this one may be mistaken for. */
    readonly looksLike?: { readonly of: string; readonly how: string }
  }[]
  readonly peers: { readonly asked: number; readonly answered: number }
  readonly tookMs: number
}

/** `hanse search QUERY`: the local index at once, then verified hits of peers. */
export const searchCommand: Command = {
  name: 'search',
  summary: 'find packages in the local index and at peers',
  examples: ['hanse search rope knots', "hanse search 'left pad' --type npm --limit 5 --local"],
  args: [{ name: '<query...>', text: 'words of the name, keywords or description; typos are forgiven' }],
  options: [
    { flags: '--limit <n>', text: 'at most this many hits' },
    { flags: '--local', text: 'ask no peer' },
    { flags: '--type <type>', text: 'one ecosystem only, such as npm' },
    { flags: '--publisher <publisher>', text: 'one publisher only' },
  ],
  async run(input, context) {
    const query = {
      q: input.args.join(' '),
      limit: parseLimit(textOf(input, 'limit')),
      local: input.options.local === true,
      type: textOf(input, 'type'),
      publisher: textOf(input, 'publisher'),
    }
    const node = await context.node()
    return { data: await node.call<SearchAnswer>('GET', '/api/search', { query }) }
  },
  view: ({ hits, peers, tookMs }: SearchAnswer) =>
    partsOf(
      tableOf(
        ['PACKAGE', 'SOURCE', 'PUBLISHER', 'DESCRIPTION'],
        hits.map(hit => [hit.purl, hit.source, hit.publisherName ?? hit.publisher, hit.description?.slice(0, 72)]),
        'nothing found',
      ),
      linesOf(
        ...hits.flatMap(({ purl, looksLike }) =>
          looksLike === undefined ? [] : [`${purl} looks like ${looksLike.of}: ${looksLike.how}`],
        ),
        `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'} in ${Math.round(tookMs)} ms; ${peers.answered} of ${peers.asked} peers answered`,
      ),
    ),
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 100) return Number(text)
  throw new CliError('E_USAGE', `--limit wants a number from 1 to 100, not ${text}`, { hint: 'hanse search --help' })
}
