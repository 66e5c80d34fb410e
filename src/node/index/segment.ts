import type { Document, SearchQuery } from './document.ts'
import type { Effort } from './effort.ts'
import type { Near } from './most-popular.ts'
import type { Signals } from './signals.ts'

/** A term that a token may stand for; distance 0 for a prefix. */
export interface Candidate extends Near {
  readonly term: string
}

/** What may be shown, as far as it is known without the document. */
export type Filter = Pick<SearchQuery, 'filter' | 'publicOnly' | 'mayShow'>

/**
 * Takes a block of postings, the first `count` of both columns, and answers the lowest document id that it still wants:
 * the reader passes over blocks before it, and ends at one it cannot reach.
 */
export type PostingVisitor = (ids: Uint32Array, impacts: Uint8Array, count: number) => number

/** What a query asks of the base and of the delta alike; document ids are the segment's own, from 0 to `size` - 1. */
export interface Segment {
  readonly size: number
  dfOf(term: string): number
  /** The `most` terms with the most popular documents that start with `prefix`, and are longer. */
  withPrefix(prefix: string, most: number): Candidate[]
  /** The `most` terms with the most popular documents 1 to `limit` edits away, as far as the effort suffices. */
  within(word: string, limit: number, most: number, effort: Effort): Candidate[]
  /** Gives about the first `most` of a term's postings in ascending document id. */
  read(term: string, most: number, visit: PostingVisitor): void
  /** Documents that pass and whose name is `prefix`, whatever the case, at most `most`; and as many whose name starts so. */
  named(prefix: string, most: number, mayShow: (id: number) => boolean): number[]
  popularityOf(id: number): number
  /** Tests whether a document is alive and passes the filter, as far as columns tell. */
  passing(filter: Filter): (id: number) => boolean
  nameOf(id: number): string
  publisherOf(id: number): string
  typeOf(id: number): string
  signalsOf(id: number): Omit<Signals, 'closeness'>
  /** null when it cannot be read. */
  documentOf(id: number): Document | null
}
