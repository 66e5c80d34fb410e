import { Effort } from './effort.ts'
import type { SearchFilter } from './filter.ts'
import { MAX_EXPANSIONS, MAX_FILTER_TOKENS, MAX_TYPO_BYTES } from './limits.ts'
import { stemOf } from './porter.ts'
import type { TermSource } from './public-terms.ts'
import type { Candidate } from './segment.ts'
import { type QueryToken, queryTokensOf, squashedOf, wordsOf } from './tokenise.ts'

/** A term that counts for a token, at `factor` of its weight. */
export interface WeightedTerm {
  readonly term: string
  readonly factor: number
}

/** What a query looks up for one token; the best of `terms` counts, not their sum. */
export interface TermGroup {
  readonly terms: readonly WeightedTerm[]
  /**
   * word: a document that lacks it misses a word of the query. extra: it only adds. must: a document that lacks it is no
   * hit. not: one that has it is none.
   */
  readonly role: 'word' | 'extra' | 'must' | 'not'
}

const PREFIX_FACTOR = 0.7
const TYPO_FACTORS = [1, 0.7, 0.45]
const MIN_PREFIX_CHARS = 2
const MIN_ONE_TYPO_CHARS = 3
const MIN_TWO_TYPO_CHARS = 5

/** Groups of a query: one per token, and one for the whole query as a squashed name. */
export function groupsOf(text: string, segments: readonly TermSource[]): TermGroup[] {
  const [tokens, squashed, isOneRun] = [queryTokensOf(text), squashedOf(text), !text.includes(' ')]
  const effort = new Effort()
  const typosOfWords = tokens.length === 1 ? 'any' : 'unknown'
  const groups: TermGroup[] = tokens.map((token, i) => ({
    terms: expand(token, { isLast: i === tokens.length - 1, typos: typosOfWords, effort }, segments),
    role: 'word',
  }))
  if (tokens.length > 1 && tokens.length <= MAX_NAME_TOKENS) {
    // One run without spaces is a name as it is written; words apart have a typo only if one of them is not known.
    const hasTypo = isOneRun || groups.some(({ terms }) => terms[0]?.factor !== 1)
    const terms = expand(
      { word: squashed, stem: squashed },
      { isLast: true, typos: hasTypo ? 'any' : 'none', effort },
      segments,
    )
    groups.push({ terms, role: 'extra' })
  }
  return groups
}

/** Groups of what a filter says of words: those of keywords and phrases must be there, lone excluded words must not. */
export function filterGroupsOf({ keywords = [], phrases = [], without = [] }: SearchFilter): TermGroup[] {
  const must = new Set([...keywords, ...phrases].flatMap(wordsOf))
  const not = new Set(without.map(wordsOf).flatMap(words => (words.length === 1 ? words : [])))
  const groupOf = (role: TermGroup['role']) => (word: string) => ({ terms: [{ term: stemOf(word), factor: 1 }], role })
  return [...[...must].map(groupOf('must')), ...[...not].map(groupOf('not'))].slice(0, MAX_FILTER_TOKENS)
}

/** Longer queries are descriptions, not names with their punctuation lost. */
const MAX_NAME_TOKENS = 6

interface Place {
  readonly isLast: boolean
  /** Which words may have typos: any, those that are not known, none. */
  readonly typos: 'any' | 'unknown' | 'none'
  readonly effort: Effort
}

function expand({ word, stem }: QueryToken, place: Place, segments: readonly TermSource[]): WeightedTerm[] {
  const exact = [...new Set([word, stem])].filter(term => segments.some(segment => segment.dfOf(term) > 0))
  const hasPrefixes = place.isLast && word.length >= MIN_PREFIX_CHARS
  const prefixes = hasPrefixes ? segments.flatMap(segment => segment.withPrefix(word, MAX_EXPANSIONS + 2)) : []
  const typos = typosOf(word, exact.length > 0, place, segments)
  const expansions = [...typos, ...prefixes]
    .filter(({ term }) => !exact.includes(term))
    .sort(byPromise)
    .slice(0, MAX_EXPANSIONS)
  const weighted = new Map(exact.map(term => [term, 1]))
  for (const { term, distance } of expansions) {
    const factor = distance === 0 ? PREFIX_FACTOR : TYPO_FACTORS[distance]!
    weighted.set(term, Math.max(weighted.get(term) ?? 0, factor))
  }
  return [...weighted].map(([term, factor]) => ({ term, factor }))
}

/** One edit; two only for a word that nothing within one edit explains. Known words inside a longer query are right. */
function typosOf(word: string, isKnown: boolean, place: Place, segments: readonly TermSource[]): Candidate[] {
  if (word.length < MIN_ONE_TYPO_CHARS || Buffer.byteLength(word) > MAX_TYPO_BYTES) return []
  if (place.typos === 'none' || (isKnown && place.typos === 'unknown')) return []
  const near = (limit: number) =>
    segments.flatMap(segment => segment.within(word, limit, MAX_EXPANSIONS + 2, place.effort))
  const one = near(1)
  return one.length > 0 || isKnown || word.length < MIN_TWO_TYPO_CHARS ? one : near(2)
}

const byPromise = (a: Candidate, b: Candidate): number =>
  b.popularity - a.popularity || a.distance - b.distance || a.term.length - b.term.length || (a.term < b.term ? -1 : 1)
