import { BestFew } from './best-few.ts'
import type { Document, Hit, SearchQuery } from './document.ts'
import { filterGroupsOf, groupsOf } from './expand.ts'
import { compileFilter } from './filter.ts'
import { MAX_HITS, MAX_NAMED, MAX_REFUSED, MAX_REFUSED_OF_ONE, RERANK_DEPTH } from './limits.ts'
import { publicTermsOf } from './public-terms.ts'
import { rerank } from './rerank.ts'
import type { Scored, Scorer } from './scorer.ts'
import type { Segment } from './segment.ts'
import { dayOf, popularityPointsOf } from './signals.ts'
import { queryTextOf } from './tokenise.ts'

/** How many more candidates are looked at when too few of them may be shown. */
const DEEPER = 8

/** Answers one query over all segments: adds up what matches, compares names, and reads the documents that are shown. */
export function findHits(query: SearchQuery, segments: readonly Segment[], scorer: Scorer): Hit[] {
  const limit = Math.min(Math.max(1, Math.trunc(query.limit) || 1), MAX_HITS)
  const text = queryTextOf(query.text)
  const candidatesOf = candidateSource(text, query, segments, scorer)
  const ranking = { text, closenessOf: query.closenessOf ?? (() => 0), today: query.now ? dayOf(query.now) : null }
  const reader = new DocumentReader(query)
  for (let most = Math.max(limit, RERANK_DEPTH); ; most *= DEEPER) {
    const candidates = candidatesOf(most)
    const hits = reader.firstOf(rerank(candidates, ranking), limit)
    if (hits.length >= limit || candidates.length < most || most >= MAX_REFUSED) return hits
  }
}

/** What answers the best `most` candidates of a query, unordered. */
function candidateSource(text: string, query: SearchQuery, segments: readonly Segment[], scorer: Scorer) {
  const { filter = {} } = query
  const terms = query.publicOnly ? segments.map(segment => publicTermsOf(segment, query)) : segments
  const groups = [...groupsOf(text, terms), ...filterGroupsOf(filter)]
  const named = namedBy(text, segments, query)
  if (groups.some(({ role }) => role !== 'not')) {
    return (most: number) => joined(scorer.best(groups, segments, query, most), named)
  }
  const hasFilter = text === '' && Object.values(filter).some(wanted => wanted.length > 0)
  return (most: number) => (hasFilter ? mostPopular(segments, query, most) : named)
}

/** Documents with the name that was typed, or with one that starts so, even if nothing else speaks for them. */
function namedBy(text: string, segments: readonly Segment[], query: SearchQuery): Scored[] {
  if (text === '' || /\s/.test(text)) return []
  return segments.flatMap(segment => {
    const ids = segment.named(text, MAX_NAMED, segment.passing(query))
    return ids.map(id => ({ segment, id, score: popularityPointsOf(segment.popularityOf(id)) }))
  })
}

function joined(best: readonly Scored[], named: readonly Scored[]): Scored[] {
  const isNew = (one: Scored): boolean => !best.some(({ segment, id }) => id === one.id && segment === one.segment)
  return [...best, ...named.filter(isNew)]
}

/** Without words popularity alone decides. */
function mostPopular(segments: readonly Segment[], query: SearchQuery, most: number): Scored[] {
  return segments.flatMap(segment => {
    const mayShow = segment.passing(query)
    const best = new BestFew(most)
    for (let id = 0; id < segment.size; id++) {
      const score = popularityPointsOf(segment.popularityOf(id))
      if (score > best.bar && mayShow(id)) best.add(id, score)
    }
    return best.sorted().map(({ id, score }) => ({ segment, id, score }))
  })
}

/** Reads documents in their order until enough may be shown; each is asked about once, and few of one publisher in vain. */
class DocumentReader {
  readonly #query: SearchQuery
  readonly #fits: (document: Document) => boolean
  readonly #read = new Map<Segment, Map<number, Document | null>>()
  readonly #refusedOf = new Map<string, number>()
  #refused = 0

  constructor(query: SearchQuery) {
    this.#query = query
    this.#fits = compileFilter(query.filter ?? {})
  }

  firstOf(ranked: Iterable<Scored>, limit: number): Hit[] {
    const hits: Hit[] = []
    for (const { segment, id, score } of ranked) {
      const document = this.#shown(segment, id)
      if (document !== null && hits.push({ document, score }) >= limit) break
      if (this.#refused >= MAX_REFUSED) break
    }
    return hits
  }

  #shown(segment: Segment, id: number): Document | null {
    const read = this.#read.get(segment) ?? new Map<number, Document | null>()
    this.#read.set(segment, read)
    const known = read.get(id)
    if (known !== undefined) return known
    const publisher = segment.publisherOf(id)
    const refused = this.#refusedOf.get(publisher) ?? 0
    if (refused >= MAX_REFUSED_OF_ONE) return null
    const document = this.#asShown(segment.documentOf(id))
    read.set(id, document)
    if (document === null) {
      this.#refusedOf.set(publisher, refused + 1)
      this.#refused++
    }
    return document
  }

  #asShown(stored: Document | null): Document | null {
    const shown = stored === null || this.#query.shownAs === undefined ? stored : this.#query.shownAs(stored)
    return shown !== null && this.#fits(shown) ? shown : null
  }
}
