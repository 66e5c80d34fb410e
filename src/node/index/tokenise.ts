import { MAX_QUERY_CHARS, MAX_QUERY_TOKENS, MAX_TOKEN_CHARS } from './limits.ts'
import { stemOf } from './porter.ts'

/** Stored with the index; raise it whenever the terms of any text or the stored form change, so that old indexes are rebuilt. */
export const TOKENISER_VERSION = 3

const ASCII = /^[\x20-\x7e]*$/
const ASCII_WORD = /[a-z0-9]+/g
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u
const HAS_CAMEL_EDGE = /[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u
const CAMEL_EDGE = /(\p{Ll}|\p{N})(\p{Lu})|(\p{Lu})(\p{Lu}\p{Ll})/gu

/** One word of a query: as typed (folded) and its stem. */
export interface QueryToken {
  readonly word: string
  readonly stem: string
}

/** Lower-case words of a text in order, with repeats; scripts without spaces become overlapping pairs. */
export function wordsOf(text: string): string[] {
  if (!ASCII.test(text)) return unicodeWordsOf(text)
  const words: string[] = text.toLowerCase().match(ASCII_WORD) ?? []
  return words.map(capped)
}

function unicodeWordsOf(text: string): string[] {
  const words: string[] = []
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(WORD)) {
    if (UNSPACED.test(run)) words.push(...pairsOf(run))
    else words.push(capped(run))
  }
  return words
}

/** Words of a name or a text that is indexed; `JSONStream` is also `json stream`. */
export function textWordsOf(text: string): string[] {
  const whole = wordsOf(text)
  if (!HAS_CAMEL_EDGE.test(text)) return whole
  const split = wordsOf(text.replace(CAMEL_EDGE, '$1$3 $2$4'))
  return split.length === whole.length ? whole : [...whole, ...split.filter(word => !whole.includes(word))]
}

/** A name without its punctuation: `node-fetch` and `nodeFetch` are both `nodefetch`. */
export function squashedOf(name: string): string {
  return capped(wordsOf(name).join(''))
}

/** What counts of a query: each of its words once, up to the last that ends within 512 characters. */
export function queryTextOf(text: string): string {
  const trimmed = text.trim()
  const cut = trimmed.length > MAX_QUERY_CHARS ? trimmed.slice(0, MAX_QUERY_CHARS).replace(/\s+\S*$/, '') : trimmed
  return [...new Set(cut.split(/\s+/))].join(' ')
}

/** At most 16 distinct tokens of a query. */
export function queryTokensOf(text: string): QueryToken[] {
  const words = new Set(wordsOf(queryTextOf(text)))
  return [...words].slice(0, MAX_QUERY_TOKENS).map(word => ({ word, stem: stemOf(word) }))
}

/** Well formed, so that two terms differ in UTF-8 too. */
const capped = (word: string): string =>
  word.length > MAX_TOKEN_CHARS ? word.slice(0, MAX_TOKEN_CHARS).toWellFormed() : word

function pairsOf(run: string): string[] {
  const letters = [...run]
  if (letters.length < 3) return [run]
  return letters.slice(1).map((letter, i) => `${letters[i]}${letter}`)
}
