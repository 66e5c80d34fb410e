import Fuse from 'fuse.js'
import { EditDistance } from './edit-distance.ts'
import type { Scored } from './scorer.ts'
import { signalPointsOf } from './signals.ts'
import { squashedOf } from './tokenise.ts'

/** What beside the text decides the order of the best. */
export interface Ranking {
  readonly text: string
  readonly closenessOf: (publisher: string) => number
  /** Day since 1970; null: freshness does not count. */
  readonly today: number | null
}

const EXACT_BONUS = 42
const SQUASHED_BONUS = 12
const NEAR_BONUSES = [0, 9, 5]
const STARTS_WITH_BONUS = 4
const FUSE_WEIGHT = 4
const MAX_RERANK_CHARS = 64

/**
 * Gives names their precedence among the best candidates: byte-equal, equal without punctuation, near, starts with; for
 * one-word queries Fuse.js has a say too (it costs relevance on descriptions). Then the signals beside the text.
 */
export function rerank(candidates: readonly Scored[], { text, closenessOf, today }: Ranking): Scored[] {
  const query = text.trim().slice(0, MAX_RERANK_CHARS)
  const bonusOf = nameBonusesOf(query)
  const names = candidates.map(({ segment, id }) => segment.nameOf(id))
  const fuzzy = /\s/.test(query) ? new Map<number, number>() : fuseScoresOf(query, names)
  return candidates
    .map(({ segment, id, score }, i) => {
      const signals = { ...segment.signalsOf(id), closeness: closenessOf(segment.publisherOf(id)) }
      const points = bonusOf(names[i]!) + FUSE_WEIGHT * (fuzzy.get(i) ?? 0) + signalPointsOf(signals, today)
      return { segment, id, score: score + points }
    })
    .sort(byScore)
}

function nameBonusesOf(query: string): (name: string) => number {
  const squashed = squashedOf(query)
  const wanted = new EditDistance(Buffer.from(squashed))
  return name => {
    if (name === query) return EXACT_BONUS
    const own = squashedOf(name)
    if (own === squashed) return SQUASHED_BONUS
    const isClose = Math.abs(own.length - squashed.length) <= 2
    const distance = isClose ? wanted.to(Buffer.from(own)) : 3
    const near = squashed.length > 2 * distance ? (NEAR_BONUSES[distance] ?? 0) : 0
    if (near > 0) return near
    // The less is missing, the likelier the name is the one begun.
    return squashed.length > 0 && own.startsWith(squashed)
      ? (STARTS_WITH_BONUS * (1 + squashed.length / own.length)) / 2
      : 0
  }
}

/** Closeness of each candidate's name, 0 to 1, by its place in the list. */
function fuseScoresOf(query: string, names: readonly string[]): Map<number, number> {
  const fuse = new Fuse(names, { includeScore: true, ignoreLocation: false, threshold: 0.6, distance: 100 })
  return new Map(fuse.search(query).map(({ refIndex, score }) => [refIndex, 1 - (score ?? 1)]))
}

const byScore = (a: Scored, b: Scored): number =>
  b.score - a.score || b.segment.popularityOf(b.id) - a.segment.popularityOf(a.id) || a.id - b.id
