import Fuse from 'fuse.js'
import {
  MAX_SCORED_DESCRIPTION_CHARS,
  MAX_SCORED_KEYWORD_CHARS,
  MAX_SCORED_KEYWORDS,
  MAX_SCORED_WORD_CHARS,
  MAX_SCORED_WORDS,
} from './limits.ts'

/** The words by which a hit is scored. */
export interface Scored {
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
}

/** What a hit earns that has every word of the query as a whole word: more than one word in a name, less than an exact name. */
const ALL_WORDS_SCORE = 0.5
const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u

/**
 * The text's score of each hit, 0 to 1.5: the mean closeness of the query's words (name before keywords before description), and
 * half a point for all of them as whole words, less by the square for fewer.
 */
export function neutralScoresOf(query: string, hits: readonly Scored[]): number[] {
  const words = [...new Set(query.toLowerCase().split(/\s+/))].slice(0, MAX_SCORED_WORDS)
  const shortened = hits.map(cutShort)
  const fuse = new Fuse(shortened, {
    keys: [
      { name: 'name', weight: 3 },
      { name: 'keywords', weight: 2 },
      { name: 'description', weight: 1 },
    ],
    includeScore: true,
    ignoreLocation: true,
    threshold: 0.4,
  })
  const scores = shortened.map(hit => ALL_WORDS_SCORE * shareOfWords(query, hit) ** 2)
  for (const word of words.filter(word => word !== '')) {
    for (const { refIndex, score } of fuse.search(word.slice(0, MAX_SCORED_WORD_CHARS))) {
      scores[refIndex]! += (1 - (score ?? 1)) / words.length
    }
  }
  return scores
}

/** Whether every word of the query stands in a hit as it is. */
export const hasEveryWord = (query: string, hit: Scored): boolean => shareOfWords(query, hit) === 1

/** The share of the query's words that stand in a hit as they are, 0 to 1. */
function shareOfWords(query: string, { name, description, keywords }: Scored): number {
  const asked = wordsOf(query).slice(0, MAX_SCORED_WORDS)
  const here = new Set(wordsOf(`${name} ${keywords.join(' ')} ${description}`))
  return asked.length === 0 ? 0 : asked.filter(word => here.has(word)).length / asked.length
}

const wordsOf = (text: string): string[] =>
  [...new Set(text.toLowerCase().split(BETWEEN_WORDS))].filter(word => word !== '')

/** So much of a hit that stuffing it with words gains nothing: each keyword once, and no more than an honest one has. */
function cutShort({ name, description, keywords }: Scored): Scored {
  const short = keywords.map(keyword => keyword.slice(0, MAX_SCORED_KEYWORD_CHARS).toLowerCase())
  return {
    name,
    description: description.slice(0, MAX_SCORED_DESCRIPTION_CHARS),
    keywords: [...new Set(short)].slice(0, MAX_SCORED_KEYWORDS),
  }
}
