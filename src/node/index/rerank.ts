import { nameBonusesOf } from './name-bonus.ts'
import { byScore, type Scored } from './scorer.ts'
import { popularityPointsOf, signalPointsOf } from './signals.ts'

/** What beside the text decides the order of the best. */
export interface Ranking {
  readonly text: string
  readonly closenessOf: (publisher: string) => number
  /** Day since 1970; null: freshness does not count. */
  readonly today: number | null
}

/** Longest single word that is read as the beginning of a name: longer ones are mostly whole. */
const MAX_BEGINNING_CHARS = 5
const BEGUN_BONUS = 24
const BEGUN_POPULARITY_FACTOR = 4

/**
 * Gives names their precedence among the best candidates, then adds the signals beside the text. Of names that a short word
 * begins, the text says nothing: they are ordered by popularity.
 */
export function rerank(candidates: readonly Scored[], { text, closenessOf, today }: Ranking): Scored[] {
  const bonusOf = nameBonusesOf(text)
  const beginning = text.length <= MAX_BEGINNING_CHARS && !text.includes(' ') ? text.toLowerCase() : null
  return candidates
    .map(({ segment, id, score }) => {
      const name = segment.nameOf(id)
      const signals = { ...segment.signalsOf(id), closeness: closenessOf(segment.publisherOf(id)) }
      const isBegun = beginning !== null && name.toLowerCase().startsWith(beginning)
      const begun = BEGUN_BONUS + BEGUN_POPULARITY_FACTOR * popularityPointsOf(signals.popularity)
      return { segment, id, score: (isBegun ? begun : score) + bonusOf(name) + signalPointsOf(signals, today) }
    })
    .sort(byScore)
}
