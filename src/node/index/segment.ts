import type { Document, SearchQuery } from './document.ts'

/** A term that a token may stand for. */
export interface Candidate {
  readonly term: string
  /** Edits from what was typed; 0 for a prefix. */
  readonly distance: number
  /** Popularity byte of its most popular document. */
  readonly popularity: number
}

/** What may be shown, as far as it is known without the document. */
export type Filter = Pick<SearchQuery, 'filter' | 'publicOnly' | 'mayShow'>

/** What a query asks of the base and of the delta alike; document ids are the segment's own, from 0 to `size` - 1. */
export interface Segment {
  readonly size: number
  dfOf(term: string): number
  withPrefix(prefix: string): Candidate[]
  within(word: string, limit: number): Candidate[]
  /** Calls `visit` for at most `limit` postings, in the segment's order. */
  read(term: string, limit: number, visit: (id: number, impact: number) => void): void
  popularityOf(id: number): number
  /** Whether the document is alive and passes the filter. */
  mayShow(id: number, filter: Filter): boolean
  /** '' for an id that the segment does not have. */
  publisherOf(id: number): string
  /** null when it cannot be read. */
  documentOf(id: number): Document | null
}
