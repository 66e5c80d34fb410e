import Fuse from 'fuse.js'
import type { Document, Highlight } from './document.ts'
import { stemOf } from './porter.ts'

const MAX_HIGHLIGHT_TOKENS = 8
const MIN_MATCH_CHARS = 2
/** Words with a typo, documents, and characters of each that they are looked for in: fuzzy matching costs 0.1 ms a word and document. */
const MAX_TYPOS = 3
const MAX_FUZZY_DOCUMENTS = 20
const MAX_FUZZY_CHARS = 256
/** Times that one word is shown in one text. */
const MAX_OCCURRENCES = 8

type Shown = Pick<Document, 'name' | 'description'>
type Range = [from: number, to: number]
type Field = 'name' | 'description'
type Ranges = Readonly<Record<Field, Range[]>>

/** Where each document shows the words of the query, in the order of `documents`; a word that none has as typed is a typo, which Fuse.js finds. */
export function highlightsOf(words: readonly string[], documents: readonly Shown[]): Highlight[][] {
  const found = documents.map((): Ranges => ({ name: [], description: [] }))
  const typos = words
    .filter(word => word.length >= MIN_MATCH_CHARS)
    .slice(0, MAX_HIGHLIGHT_TOKENS)
    .filter(word => !addExact(word, documents, found))
    .slice(0, MAX_TYPOS)
  if (typos.length > 0) addFuzzy(typos, documents, found)
  return found.map(({ name, description }) => [
    ...(name.length > 0 ? [{ field: 'name' as const, ranges: joined(name) }] : []),
    ...(description.length > 0 ? [{ field: 'description' as const, ranges: joined(description) }] : []),
  ])
}

/** Adds where words begin with this one, or with its stem; whether any do. */
function addExact(word: string, documents: readonly Shown[], found: readonly Ranges[]): boolean {
  const begins = [...new Set([word, stemOf(word)])]
  let isFound = false
  for (const [at, document] of documents.entries()) {
    for (const field of ['name', 'description'] as const) {
      const ranges = begins.map(begin => exactRangesOf(document[field], begin)).find(each => each.length > 0) ?? []
      found[at]![field].push(...ranges)
      isFound ||= ranges.length > 0
    }
  }
  return isFound
}

function exactRangesOf(text: string, begin: string): Range[] {
  const ranges: Range[] = []
  const lower = text.toLowerCase()
  // Few letters are longer in lower case, but after one the places would be others.
  const folded = lower.length === text.length ? lower : text
  for (let at = folded.indexOf(begin); at >= 0 && ranges.length < MAX_OCCURRENCES; at = folded.indexOf(begin, at + 1)) {
    if (isWordStart(text, folded, at)) ranges.push([at, at + begin.length])
  }
  return ranges
}

/** `stream` begins in `JSONStream` too; scripts without spaces have no place where it could not. */
const isWordStart = (text: string, folded: string, at: number): boolean =>
  at === 0 || text[at] !== folded[at] || folded[at]! > '\u2e80' || !/[\p{L}\p{N}]/u.test(folded[at - 1]!)

function addFuzzy(words: readonly string[], documents: readonly Shown[], found: readonly Ranges[]): void {
  const texts = documents
    .slice(0, MAX_FUZZY_DOCUMENTS)
    .map(({ name, description }) => ({ name, description: description.slice(0, MAX_FUZZY_CHARS) }))
  const fuse = new Fuse(texts, {
    keys: ['name', 'description'],
    includeMatches: true,
    ignoreLocation: true,
    threshold: 0.25,
    minMatchCharLength: MIN_MATCH_CHARS,
  })
  for (const word of words) {
    for (const { refIndex, matches } of fuse.search(word)) {
      for (const { key, indices } of matches ?? []) {
        const longest = longestOf(indices)
        if ((key === 'name' || key === 'description') && longest) found[refIndex]![key].push(longest)
      }
    }
  }
}

/** Fuse.js also reports stray letters; the longest run is the match. Its ranges are closed, ours half-open. */
function longestOf(indices: readonly (readonly [number, number])[]): Range | null {
  let longest: Range | null = null
  for (const [from, to] of indices) {
    if (longest === null || to + 1 - from > longest[1] - longest[0]) longest = [from, to + 1]
  }
  return longest
}

function joined(ranges: Range[]): Range[] {
  const result: Range[] = []
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}
