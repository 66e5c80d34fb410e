import type { Document } from './document.ts'
import { MAX_DESCRIPTION_CHARS, MAX_KEYWORDS } from './limits.ts'
import { stemOf } from './porter.ts'
import { squashedOf, textWordsOf } from './tokenise.ts'

/**
 * BM25F (Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009) folded into one byte per posting.
 * Average lengths are constants, measured on Debian 12 and npm, so that a document's impacts never depend on others:
 * the delta, the base and a rebuild agree to the byte.
 */
const K1 = 1.2
const B = 0.75
const NAME = { weight: 0.8, averageWords: 2.7 }
const KEYWORDS = { weight: 0.5, averageWords: 3 }
const DESCRIPTION = { weight: 1, averageWords: 7 }
const POPULARITY_STEPS_PER_DOUBLING = 8

/** Terms of a document with their impacts, 1 to 255. */
export function impactsOf(document: Document): Map<string, number> {
  const frequencies = new Map<string, number>()
  addName(frequencies, document.name)
  addField(frequencies, document.keywords.slice(0, MAX_KEYWORDS).flatMap(textWordsOf), KEYWORDS)
  addField(frequencies, textWordsOf(document.description.slice(0, MAX_DESCRIPTION_CHARS)), DESCRIPTION)
  const impacts = new Map<string, number>()
  for (const [term, frequency] of frequencies) impacts.set(term, impactOf(frequency))
  return impacts
}

/** Popularity on a logarithmic scale of 0 to 255, 8 steps per doubling. */
export function popularityByteOf(popularity: number): number {
  if (!(popularity > 0)) return 0
  return Math.min(255, Math.round(POPULARITY_STEPS_PER_DOUBLING * Math.log2(1 + popularity)))
}

function impactOf(frequency: number): number {
  return Math.max(1, Math.round((255 * frequency) / (K1 + frequency)))
}

function addName(frequencies: Map<string, number>, name: string): void {
  const words = textWordsOf(name)
  addField(frequencies, words, NAME)
  const share = fieldShare(words.length, NAME)
  for (const word of new Set(words)) raise(frequencies, word, share)
  for (const squashed of new Set([squashedOf(name), squashedOf(name.slice(name.lastIndexOf('/') + 1))]))
    if (squashed !== '') raise(frequencies, squashed, NAME.weight)
}

function addField(frequencies: Map<string, number>, words: readonly string[], field: typeof NAME): void {
  const share = fieldShare(words.length, field)
  for (const word of words) {
    const term = stemOf(word)
    frequencies.set(term, (frequencies.get(term) ?? 0) + share)
  }
}

function raise(frequencies: Map<string, number>, term: string, least: number): void {
  if ((frequencies.get(term) ?? 0) < least) frequencies.set(term, least)
}

const fieldShare = (words: number, field: typeof NAME): number =>
  field.weight / (1 - B + (B * words) / field.averageWords)
