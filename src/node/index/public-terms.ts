import type { Filter, Segment } from './segment.ts'

/** What expanding a word asks of a segment. */
export type TermSource = Pick<Segment, 'dfOf' | 'withPrefix' | 'within'>

/**
 * The terms that a document has which may be shown to everyone: whether a word is taken for a misspelling of another must not
 * tell that it stands in a private package. For one query: each term is looked through once.
 */
export function publicTermsOf(segment: Segment, { mayShow }: Pick<Filter, 'mayShow'>): TermSource {
  const passes = segment.passing({ publicOnly: true, ...(mayShow && { mayShow }) })
  const answers = new Map<string, boolean>()
  const isPublic = (term: string): boolean => {
    const known = answers.get(term)
    if (known !== undefined) return known
    let isFound = false
    segment.read(term, Number.POSITIVE_INFINITY, (ids, _impacts, count) => {
      for (let i = 0; i < count && !isFound; i++) isFound = passes(ids[i]!)
      return isFound ? Number.POSITIVE_INFINITY : 0
    })
    answers.set(term, isFound)
    return isFound
  }
  return {
    dfOf: term => (isPublic(term) ? segment.dfOf(term) : 0),
    withPrefix: (prefix, most) => segment.withPrefix(prefix, most).filter(({ term }) => isPublic(term)),
    within: (word, limit, most, effort) =>
      segment.within(word, limit, most, effort).filter(({ term }) => isPublic(term)),
  }
}
