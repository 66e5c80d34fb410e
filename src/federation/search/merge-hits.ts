import Fuse from 'fuse.js'
import { MAX_SCORED_DESCRIPTION_CHARS, MAX_SCORED_HITS, MAX_SCORED_WORD_CHARS, MAX_SCORED_WORDS } from './limits.ts'

/** What the neutral scorer needs of a hit, wherever it came from. */
export interface Mergeable {
  readonly publisher: string
  /** Package URL without version. */
  readonly package: string
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
}

/** A hit of the merged list; `score` is ours, 0 to 1 and a bonus of 1 for the exact name. */
export interface Merged<L, F> {
  readonly hit: { readonly source: 'local'; readonly value: L } | { readonly source: 'federated'; readonly value: F }
  readonly score: number
}

/**
 * Merges local and federated hits by one neutral score, since scores of peers are neither comparable nor trustworthy.
 * One hit per publisher and package, the local one if both exist; local goes first at equal score.
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
  const scores = neutralScoresOf(
    text,
    hits.map(hit => hit.value),
  )
  return hits
    .map((hit, i) => ({ hit, score: scores[i]!, place: i }))
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .map(({ hit, score }) => ({ hit, score }))
}

/** Mean closeness of the query's words, 0 to 1, name before keywords before description; 1 more for the exact name. */
function neutralScoresOf(text: string, hits: readonly Mergeable[]): number[] {
  const query = text.trim()
  const words = [...new Set(query.toLowerCase().split(/\s+/))].slice(0, MAX_SCORED_WORDS)
  const fuse = new Fuse(
    hits.map(hit => ({ ...hit, description: hit.description.slice(0, MAX_SCORED_DESCRIPTION_CHARS) })),
    {
      keys: [
        { name: 'name', weight: 3 },
        { name: 'keywords', weight: 2 },
        { name: 'description', weight: 1 },
      ],
      includeScore: true,
      ignoreLocation: true,
      threshold: 0.4,
    },
  )
  const scores: number[] = hits.map(hit => (hit.name === query ? 1 : 0))
  for (const word of words.filter(word => word !== '')) {
    for (const { refIndex, score } of fuse.search(word.slice(0, MAX_SCORED_WORD_CHARS))) {
      scores[refIndex]! += (1 - (score ?? 1)) / words.length
    }
  }
  return scores
}

function addOnce<T>(unique: Map<string, T>, { publisher, package: name }: Mergeable, hit: T): void {
  const key = `${publisher} ${name}`
  if (!unique.has(key)) unique.set(key, hit)
}
