import { MAX_SCORED_HITS } from './limits.ts'
import { neutralScoresOf } from './neutral-score.ts'
import { spreadHits } from './spread-hits.ts'

/** What the neutral scorer needs of a hit, wherever it came from. */
export interface Mergeable {
  readonly publisher: string
  /** Package URL without version. */
  readonly package: string
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
  /** How near the publisher is to this node, 0 (no relation) to 1 (its own); a local hit without it counts as near. */
  readonly closeness?: number | undefined
  /** The peers that sent it; none: unknown. */
  readonly from?: readonly string[] | undefined
}

/** A hit of the merged list; `score` is ours: 0 to 1.5 for the text, a quarter for closeness, 1 for the exact name. */
export interface Merged<L, F> {
  readonly hit: { readonly source: 'local'; readonly value: L } | { readonly source: 'federated'; readonly value: F }
  readonly score: number
}

/** The share that closeness adds: it decides between texts much alike, and never against a better name. */
const CLOSENESS_SCORE = 0.25

/**
 * Merges local and federated hits by one neutral score, since scores of peers are neither comparable nor trustworthy.
 * One hit per publisher and package, the local one if both exist; local goes first at equal score. Of hits that bear the name
 * asked for, only those nearest to this node earn the bonus for it, and no stranger fills the list alone.
 */
export function mergeHits<L extends Mergeable, F extends Mergeable>(
  text: string,
  local: readonly L[],
  federated: readonly F[],
): Merged<L, F>[] {
  const unique = new Map<string, Merged<L, F>['hit']>()
  for (const value of local) addOnce(unique, value, { source: 'local', value })
  for (const value of federated.slice(0, MAX_SCORED_HITS)) addOnce(unique, value, { source: 'federated', value })
  const hits = [...unique.values()]
  const scores = scoresOf(text, hits)
  const ordered = hits
    .map((hit, i) => ({ hit, score: scores[i]!, place: i }))
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .map(({ hit, score }) => ({ hit, score }))
  return spreadHits(ordered)
}

function scoresOf<L extends Mergeable, F extends Mergeable>(
  text: string,
  hits: readonly Merged<L, F>['hit'][],
): number[] {
  const query = text.trim()
  const closeness = hits.map(closenessOf)
  const nearest = Math.max(0, ...closeness.filter((_, i) => hits[i]!.value.name === query))
  return neutralScoresOf(
    query,
    hits.map(({ value }) => value),
  ).map((score, i) => {
    const isNamed = hits[i]!.value.name === query && closeness[i] === nearest
    return score + CLOSENESS_SCORE * closeness[i]! + (isNamed ? 1 : 0)
  })
}

/** Within 0 to 1; what is held here is nearer than what is only heard of. */
function closenessOf({ source, value }: Merged<Mergeable, Mergeable>['hit']): number {
  return Math.min(1, Math.max(0, value.closeness ?? (source === 'local' ? HELD_CLOSENESS : 0)))
}

/** Closeness of a local hit of which nothing else is said. */
const HELD_CLOSENESS = 0.1

function addOnce<T>(unique: Map<string, T>, { publisher, package: name }: Mergeable, hit: T): void {
  const key = `${publisher} ${name}`
  if (!unique.has(key)) unique.set(key, hit)
}
