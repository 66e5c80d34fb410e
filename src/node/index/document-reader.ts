import type { Document, Hit, SearchQuery } from './document.ts'
import { compileFilter } from './filter.ts'
import { MAX_MISSED_OF_ONE, MAX_REFUSED, MAX_REFUSED_OF_ONE } from './limits.ts'
import type { Scored } from './scorer.ts'
import type { Segment } from './segment.ts'

/** Reads documents in their order until enough may be shown; each is asked about once, and few of one publisher in vain. */
export class DocumentReader {
  readonly #query: SearchQuery
  readonly #fits: (document: Document) => boolean
  readonly #read = new Map<Segment, Map<number, Document | null>>()
  readonly #refusedOf = new Map<string, number>()
  readonly #missedOf = new Map<string, number>()
  /** Documents that were read in vain. */
  #vain = 0

  constructor(query: SearchQuery) {
    this.#query = query
    this.#fits = compileFilter(query.filter ?? {})
  }

  firstOf(ranked: Iterable<Scored>, limit: number): Hit[] {
    const hits: Hit[] = []
    for (const { segment, id, score } of ranked) {
      const document = this.#shown(segment, id)
      if (document !== null && hits.push({ document, score }) >= limit) break
      if (this.#vain >= MAX_REFUSED) break
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
    const missed = this.#missedOf.get(publisher) ?? 0
    if (refused >= MAX_REFUSED_OF_ONE || missed >= MAX_MISSED_OF_ONE) return null
    const stored = segment.documentOf(id)
    const shown = stored === null || this.#query.shownAs === undefined ? stored : this.#query.shownAs(stored)
    const document = shown !== null && this.#fits(shown) ? shown : null
    read.set(id, document)
    if (shown === null) this.#refusedOf.set(publisher, refused + 1)
    else if (document === null) this.#missedOf.set(publisher, missed + 1)
    if (document === null) this.#vain++
    return document
  }
}
