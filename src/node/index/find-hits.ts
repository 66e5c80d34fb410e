import { BestFew } from './best-few.ts'
import type { Hit, Ranked, SearchQuery } from './document.ts'
import { DocumentReader } from './document-reader.ts'
import { filterGroupsOf, groupsOf } from './expand.ts'
import { MAX_CANDIDATES, MAX_HITS, MAX_NAMED, RERANK_DEPTH } from './limits.ts'
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
  for (let most = Math.max(limit, query.reorder?.best ?? 0, RERANK_DEPTH); ; most *= DEEPER) {
    const candidates = candidatesOf(most)
    const hits = reader.firstOf(reordered(rerank(candidates, ranking), query, most), limit)
    if (hits.length >= limit || candidates.length < most || most >= MAX_CANDIDATES) return hits
  }
}

function reordered(ranked: readonly Scored[], { reorder }: SearchQuery, most: number): Iterable<Scored> {
  if (reorder === undefined) return ranked
  const best = new Map(ranked.slice(0, most).map(scored => [rankedOf(scored), scored]))
  return reorder.order([...best.keys()]).map(each => best.get(each)!)
}

const rankedOf = ({ segment, id, score }: Scored): Ranked => ({
  ...{ name: segment.nameOf(id), type: segment.typeOf(id), publisher: segment.publisherOf(id) },
  ...{ score, popularityByte: segment.popularityOf(id) },
})

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
