import type { TermGroup } from './expand.ts'
import { MAX_POSTINGS_READ } from './limits.ts'
import type { Segment } from './segment.ts'

/** A group with what it can add: `weights` of its terms per full impact, the highest first in `bound`. */
export interface WeighedGroup {
  readonly group: TermGroup
  readonly weights: readonly number[]
  readonly bound: number
  /** Postings that it reads. */
  readonly postings: number
  readonly bit: number
}

/** The terms of a group with the postings to read of each, the likeliest first; a word of a filter is looked for everywhere. */
export function* readsOf({ group: { role, terms }, postings }: WeighedGroup, segment: Segment) {
  const isBounded = role !== 'must' && role !== 'not' && postings > MAX_POSTINGS_READ
  let most = isBounded ? MAX_POSTINGS_READ : Number.POSITIVE_INFINITY
  for (const [at, { term }] of terms.entries()) {
    if (most <= 0) return
    yield { term, at, most }
    if (isBounded) most -= segment.dfOf(term)
  }
}

/** Gives every group its bit and its weights; the fewest postings come first, what must not be there last. */
export function weigh(groups: readonly TermGroup[], segments: readonly Segment[]): WeighedGroup[] {
  const documents = segments.reduce((sum, segment) => sum + segment.size, 0)
  const dfOf = (term: string): number => segments.reduce((sum, segment) => sum + segment.dfOf(term), 0)
  const weighed = groups.map((group, i) => {
    const dfs = group.terms.map(({ term }) => dfOf(term))
    const weights = group.role === 'not' ? dfs.map(() => 0) : weightsOf(group, dfs, documents)
    return {
      group,
      weights,
      bound: Math.max(0, ...weights),
      postings: dfs.reduce((sum, df) => sum + df, 0),
      bit: 1 << i,
    }
  })
  const isNot = ({ group }: WeighedGroup): number => (group.role === 'not' ? 1 : 0)
  return weighed.sort((a, b) => isNot(a) - isNot(b) || a.postings - b.postings)
}

/** 1 + inverse document frequency of each term, by its factor; a stand-in is never rarer than the word that was typed. */
function weightsOf({ terms }: TermGroup, dfs: readonly number[], documents: number): number[] {
  const idfs = dfs.map(df => Math.log(1 + Math.max(0, documents - df + 0.5) / (df + 0.5)))
  const typed = idfs.filter((_, j) => terms[j]!.factor === 1)
  const most = typed.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...typed)
  return idfs.map((idf, j) => terms[j]!.factor * (1 + Math.min(idf, most)))
}

/** Bits of the groups of one role. */
export const bitsOf = (groups: readonly WeighedGroup[], role: TermGroup['role']): number =>
  groups.reduce((bits, { group, bit }) => (group.role === role ? bits | bit : bits), 0)
