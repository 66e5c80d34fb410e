import type { Filter, Segment } from './segment.ts'

/** What expanding a word asks of a segment. */
export type TermSource = Pick<Segment, 'dfOf' | 'withPrefix' | 'within'>

/**
 * The terms that a document has which may be shown to everyone: whether a word is taken for a misspelling of another must not
 * tell that it stands in a private package.
 */
export function publicTermsOf(segment: Segment, { mayShow }: Pick<Filter, 'mayShow'>): TermSource {
  const passes = segment.passing({ publicOnly: true, ...(mayShow && { mayShow }) })
  const isPublic = (term: string): boolean => {
    let isFound = false
    segment.read(term, Number.POSITIVE_INFINITY, (ids, _impacts, count) => {
      for (let i = 0; i < count && !isFound; i++) isFound = passes(ids[i]!)
      return isFound ? Number.POSITIVE_INFINITY : 0
    })
    return isFound
  }
  return {
    dfOf: term => (isPublic(term) ? segment.dfOf(term) : 0),
    withPrefix: (prefix, most) => segment.withPrefix(prefix, most).filter(({ term }) => isPublic(term)),
    within: (word, limit, most) => segment.within(word, limit, most).filter(({ term }) => isPublic(term)),
  }
}
