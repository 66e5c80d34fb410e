import type { ClassFigures } from './class-figures.ts'
import type { EngineFigures } from './engine-figures.ts'
import { type Ratios, ratiosOf } from './ratios.ts'
import { tableOf } from './table.ts'

/** The tables of a run. */
export function reportOf(engines: readonly EngineFigures[], classes: readonly string[]): string {
  const answering = engines.filter(each => Object.keys(each.classes).length > 0)
  const parts = [
    costTable(engines),
    'Time of a query, ms: p50 / p95 / p99',
    classTable(answering, classes, timesText),
    ...ratioPart(answering, classes),
    'Found: rate of rank 1 / MRR@10',
    classTable(
      answering,
      classes.filter(name => answering.some(each => isJudged(each.classes[name]))),
      foundText,
    ),
    oddPart(answering),
    ...engines.flatMap(({ engine, error }) => (error === null ? [] : [`${engine} is not whole: ${error}`])),
  ]
  return parts.filter(part => part !== '').join('\n\n')
}

function costTable(engines: readonly EngineFigures[]): string {
  const ratios = ratiosOf(engines)
  const rows = engines.map(({ engine, build, first, memoryBytes, lookup }) => [
    engine,
    build === null ? '' : `${numberText(build.seconds)} s`,
    build === null ? '' : `${megabytes(build.peakBytes)} MB`,
    build === null ? '' : `${megabytes(build.diskBytes)} MB`,
    first === null ? '' : `${numberText(first.ms)} ms`,
    memoryText(first?.memoryBytes, ratios[engine]?.firstMemory),
    memoryText(memoryBytes, ratios[engine]?.memory),
    lookup === null ? '' : `${numberText(lookup.p50)} / ${numberText(lookup.p99)} ms`,
    lookup === null ? '' : `${lookup.found} of ${lookup.asked}`,
  ])
  const memoryTitles = ['memory then', 'memory after all queries']
  const lookupTitles = ['lookup p50 / p99', 'looked up']
  return tableOf(
    ['engine', 'build', 'build peak', 'disk', 'open + first query', ...memoryTitles, ...lookupTitles],
    rows,
  )
}

function memoryText(bytes: number | null | undefined, ratio: number | null | undefined): string {
  if (bytes == null) return ''
  return `${megabytes(bytes)} MB${ratio == null ? '' : ` (${ratioText(ratio)})`}`
}

function classTable(
  engines: readonly EngineFigures[],
  classes: readonly string[],
  cell: (figures: ClassFigures) => string,
): string {
  const textOf = (figures: ClassFigures | undefined) => (figures === undefined ? '' : cell(figures))
  const rows = classes.map(name => [
    name,
    `${Math.max(0, ...engines.map(each => each.classes[name]?.queries ?? 0))}`,
    ...engines.map(each => textOf(each.classes[name])),
  ])
  return tableOf(['class', 'queries', ...engines.map(({ engine }) => engine)], rows)
}

const timesText = ({ p50, p95, p99, threw }: ClassFigures): string =>
  `${[p50, p95, p99].map(numberText).join(' / ')}${threw === 0 ? '' : ` (${threw} threw)`}`

const isJudged = (figures: ClassFigures | undefined): boolean => (figures?.mrr ?? null) !== null

const foundText = ({ rank1, mrr }: ClassFigures): string =>
  rank1 === null || mrr === null ? '' : `${rank1.toFixed(3)} / ${mrr.toFixed(3)}`

function ratioPart(engines: readonly EngineFigures[], classes: readonly string[]): string[] {
  const ratios = Object.entries(ratiosOf(engines))
  if (ratios.length === 0) return []
  const rows = classes.map(name => [name, ...ratios.map(([, peer]) => ratiosText(peer.classes[name]))])
  return ['Times as slow as ours: p50 / p95', tableOf(['class', ...ratios.map(([engine]) => engine)], rows)]
}

const ratiosText = (ratios: Ratios['classes'][string] | undefined): string =>
  ratios === undefined ? '' : `${ratioText(ratios.p50)} / ${ratioText(ratios.p95)}`

function oddPart(engines: readonly EngineFigures[]): string {
  const rows = engines.flatMap(({ engine, odd }) => {
    if (odd === null) return []
    const [worst = ['', Number.NaN] as const] = Object.entries(odd.ms).toSorted(([, left], [, right]) => right - left)
    const threw = Object.entries(odd.threw).map(([what, error]) => `${what}: ${error.slice(0, 60)}`)
    return [
      [engine, `${Object.keys(odd.ms).length}`, `${numberText(worst[1])} ms`, worst[0], threw.join('; ') || 'none'],
    ]
  })
  return rows.length === 0 ? '' : tableOf(['odd', 'queries', 'worst', 'it was', 'threw'], rows)
}

const megabytes = (bytes: number): string => numberText(bytes / 1e6)

const ratioText = (ratio: number): string => `x ${numberText(ratio)}`

/** Two digits below 100. */
function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toLocaleString('en', { minimumSignificantDigits: 2, maximumSignificantDigits: 2 })
}
