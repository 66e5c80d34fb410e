import Fuse from 'fuse.js'
import type { Document } from './document.ts'
import { editDistance } from './edit-distance.ts'
import { squashedOf } from './tokenise.ts'

/** A candidate before its place is final. */
export interface Ranked {
  readonly document: Document
  readonly score: number
}

const EXACT_BONUS = 30
const SQUASHED_BONUS = 12
const NEAR_BONUSES = [0, 9, 5]
const STARTS_WITH_BONUS = 4
const FUSE_WEIGHT = 4
const MAX_RERANK_CHARS = 64

/**
 * Gives names their precedence among the best candidates: byte-equal, equal without punctuation, near, starts with;
 * for one-word queries Fuse.js has a say too (it costs relevance on descriptions).
 */
export function rerank(text: string, candidates: readonly Ranked[]): Ranked[] {
  const query = text.trim().slice(0, MAX_RERANK_CHARS)
  const squashed = squashedOf(query)
  const fuzzy = /\s/.test(query) ? new Map<number, number>() : fuseScoresOf(query, candidates)
  return candidates
    .map(({ document, score }, i) => ({
      document,
      score: score + nameBonusOf(document.name, query, squashed) + FUSE_WEIGHT * (fuzzy.get(i) ?? 0),
    }))
    .sort(byScore)
}

function nameBonusOf(name: string, query: string, squashed: string): number {
  if (name === query) return EXACT_BONUS + SQUASHED_BONUS
  const own = squashedOf(name)
  if (own === squashed) return SQUASHED_BONUS
  const distance = editDistance(Buffer.from(squashed), Buffer.from(own), 2)
  const near = squashed.length > 2 * distance ? (NEAR_BONUSES[distance] ?? 0) : 0
  if (near > 0) return near
  // The less is missing, the likelier the name is the one begun.
  return squashed.length > 0 && own.startsWith(squashed)
    ? (STARTS_WITH_BONUS * (1 + squashed.length / own.length)) / 2
    : 0
}

/** Closeness of each candidate's name, 0 to 1, by its place in the list. */
function fuseScoresOf(query: string, candidates: readonly Ranked[]): Map<number, number> {
  const fuse = new Fuse(
    candidates.map(({ document }) => document.name),
    { includeScore: true, ignoreLocation: false, threshold: 0.6, distance: 100 },
  )
  return new Map(fuse.search(query).map(({ refIndex, score }) => [refIndex, 1 - (score ?? 1)]))
}

const byScore = (a: Ranked, b: Ranked): number =>
  b.score - a.score || b.document.popularity - a.document.popularity || (a.document.key < b.document.key ? -1 : 1)
