import { type Command, type Input, listOf, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, type MarkedCell, partsOf, tableOf } from '../view.ts'

type Ranges = MarkedCell['ranges']

interface Verdict {
  readonly decision: 'allow' | 'hold' | 'deny'
  readonly rule: string | null
  readonly reason: string | null
  readonly until: string | null
  readonly would?: Verdict
}

interface Hit {
  readonly purl: string
  readonly name: string
  readonly version: string
  readonly publisher: string
  readonly publisherName: string | null
  readonly description: string
  readonly source: 'local' | 'federated'
  readonly relation: string
  /** The trusted name that this one may be mistaken for. */
  readonly looksLike?: { readonly of: string; readonly how: string }
  readonly highlights: readonly { readonly field: 'name' | 'description'; readonly ranges: Ranges }[]
  readonly verdict: Verdict
}

interface SearchAnswer {
  readonly hits: readonly Hit[]
  readonly hidden: number
  readonly notes: readonly string[]
  readonly peers: { readonly asked: number; readonly answered: number }
  readonly tookMs: number
}

const FILTERS = ['type', 'publisher', 'license', 'keyword', 'is']
/** Characters of a description in the table. */
const SHOWN_CHARS = 72

/** `hanse search QUERY`: the local index at once, then verified hits of peers. */
export const searchCommand: Command = {
  name: 'search',
  summary: 'find packages in the local index and at peers',
  examples: [
    'hanse search rope knots',
    "hanse search 'left pad' --type npm --limit 5 --local",
    `hanse search 'command line "exit code" -test keyword:cli'`,
    "hanse search 'publisher:acme is:allowed license:MIT'",
    'hanse search --keyword cli --is mirrored --not deprecated',
  ],
  args: [
    {
      name: '[query...]',
      text: 'words of the name, keywords or description, typos are forgiven; in quotes also "a phrase", -word and type:npm',
    },
  ],
  options: [
    { flags: '--limit <n>', text: 'at most this many hits' },
    { flags: '--local', text: 'ask no peer' },
    { flags: '--all', text: 'show what the policy denies too' },
    { flags: '--type <type>', text: 'of this ecosystem, such as npm; several: of one of them', repeat: true },
    { flags: '--publisher <publisher>', text: 'of this publisher; several: of one of them', repeat: true },
    { flags: '--license <id>', text: 'with this licence, such as MIT; several: with one of them', repeat: true },
    { flags: '--keyword <word>', text: 'with this keyword; several: with all of them', repeat: true },
    { flags: '--is <relation>', text: 'whose publisher is allowed, mirrored, followed or own', repeat: true },
    { flags: '--phrase <words>', text: 'with these words next to each other', repeat: true },
    { flags: '--not <words>', text: 'without this word or phrase', repeat: true },
  ],
  async run(input, context) {
    const query = queryOf(input)
    const node = await context.node()
    return { data: await node.call<SearchAnswer>('GET', '/api/search', { query }) }
  },
  view: ({ hits, hidden, notes, peers, tookMs }: SearchAnswer) =>
    partsOf(
      tableOf(['PACKAGE', 'VERSION', 'PUBLISHER', 'VERDICT', 'DESCRIPTION'], hits.map(rowOf), 'nothing found', {
        isLastCut: true,
      }),
      linesOf(
        ...hits.flatMap(warningsOf),
        ...notes,
        `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'} in ${Math.round(tookMs)} ms; ${peers.answered} of ${peers.asked} peers answered`,
        ...(hidden > 0 ? [`${hidden} hidden by policy; --all shows them`] : []),
        ...(peers.answered < peers.asked
          ? [`partial: ${peers.asked - peers.answered} of ${peers.asked} peers did not answer in time`]
          : []),
      ),
    ),
}

function queryOf(input: Input) {
  const quoted = (values: readonly string[], before = '') =>
    values.map(each => `${before}"${each.replaceAll('"', ' ')}"`)
  const words = [...input.args, ...quoted(listOf(input, 'phrase')), ...quoted(listOf(input, 'not'), '-')]
  const list = (name: string) => listOf(input, name).join(',') || undefined
  if (words.length === 0 && FILTERS.every(name => list(name) === undefined)) {
    throw new CliError('E_USAGE', 'there is nothing to search for', { hint: 'hanse search --help' })
  }
  return {
    q: words.join(' '),
    limit: parseLimit(textOf(input, 'limit')),
    local: input.options.local === true,
    all: input.options.all === true,
    type: list('type'),
    publisher: list('publisher'),
    license: list('license'),
    keyword: list('keyword'),
    is: list('is'),
  }
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 100) return Number(text)
  throw new CliError('E_USAGE', `--limit wants a number from 1 to 100, not ${text}`, { hint: 'hanse search --help' })
}

/** `npm:@acme/x`, as every command takes it. */
const shortOf = ({ purl, name }: Hit): string => `${typeOf(purl)}:${name}`
const typeOf = (purl: string): string => /^pkg:([^/]+)\//.exec(purl)?.[1] ?? ''

function rowOf(hit: Hit): unknown[] {
  const { purl, version, publisher, publisherName, relation, source, description, verdict } = hit
  const at = source === 'federated' ? ', at peers' : ''
  return [
    markedOf(shortOf(hit), rangesOf(hit, 'name'), typeOf(purl).length + 1),
    version,
    relation === 'self' ? 'this node' : `${publisherName ?? publisher} (${relation}${at})`,
    verdictTextOf(verdict),
    markedOf(description.slice(0, SHOWN_CHARS), rangesOf(hit, 'description'), 0),
  ]
}

const rangesOf = ({ highlights }: Hit, field: 'name' | 'description'): Ranges =>
  highlights.find(each => each.field === field)?.ranges ?? []

/** Ranges that begin `shift` units later in what is shown, as far as it goes. */
function markedOf(marked: string, ranges: Ranges, shift: number): MarkedCell {
  const moved = ranges.map(([from, to]) => [from + shift, Math.min(to + shift, marked.length)] as const)
  return { marked, ranges: moved.filter(([from, to]) => from < to) }
}

function verdictTextOf({ decision, rule, until, would }: Verdict): string {
  const enforced = would === undefined ? '' : ` (enforced: ${verdictTextOf(would)})`
  if (decision === 'allow') return `allow${enforced}`
  if (decision === 'hold') return `held until ${until ?? 'somebody decides'}${enforced}`
  return rule === 'route' ? `not allowed here${enforced}` : `denied: ${rule}${enforced}`
}

/** That nobody allowed a publisher is in the table; `hanse why` has the rest. */
function warningsOf(hit: Hit): string[] {
  const { looksLike, verdict } = hit
  const { decision, rule, reason } = verdict.would ?? verdict
  const isRefused = decision !== 'allow' && rule !== 'route'
  return [
    ...(looksLike === undefined ? [] : [`${shortOf(hit)} looks like ${looksLike.of}: ${looksLike.how}`]),
    ...(isRefused && reason !== null ? [`${shortOf(hit)}@${hit.version} (${rule}): ${reason}`] : []),
  ]
}
