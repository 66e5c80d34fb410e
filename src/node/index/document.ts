import type { SearchFilter } from './filter.ts'

/** What search keeps of a package; `key` is its identity in the index. */
export interface Document {
  /** Publisher and package, see `documentKeyOf`. */
  readonly key: string
  readonly publisher: string
  /** Package URL without version. */
  readonly package: string
  /** Name as its ecosystem writes it, e.g. `@acme/x`. */
  readonly name: string
  /** Package URL type: `npm`, `pypi`, `cargo`, … */
  readonly type: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly license: string
  readonly version: string
  /** Whether the words are those of a public release. */
  readonly isPublic: boolean
  /** Any count that grows with use (dependents, installs), at least 0; ranks on a logarithmic scale. */
  readonly popularity: number
  /** When the shown release was made, ms since 1970; 0: not known. */
  readonly releasedMs: number
  /** How much of what a reader needs the package tells, 0 to 1; null: not known. */
  readonly quality: number | null
}

/** Identity of a document: one publisher's package. */
export const documentKeyOf = (publisher: string, packageName: string): string => `${publisher} ${packageName}`

/** A document with its score, as far as it is known before it is read. */
export interface Ranked extends Pick<Document, 'name' | 'type' | 'publisher'> {
  readonly score: number
  /** On the logarithmic scale of the ranking, 0 to 255. */
  readonly popularityByte: number
}

/** What to search for. */
export interface SearchQuery {
  /** Words as typed; none of them is an operator here, see `parseSearchText`. */
  readonly text: string
  /** Hits wanted, 1 to 100. */
  readonly limit: number
  /** What every hit must be; without any text, the most popular documents that fit are the hits. */
  readonly filter?: SearchFilter
  /** Only documents that are public. */
  readonly publicOnly?: boolean
  /** Whether anything of a publisher may be shown. */
  readonly mayShow?: (publisher: string) => boolean
  /** What a document is to be shown as now; null: not at all. Asked for the best alone; of a publisher no more once MAX_REFUSED_OF_ONE were null. */
  readonly shownAs?: (document: Document) => Document | null
  /** The order in which the best are shown, of what is known before they are read; absent: by score. */
  readonly reorder?: { readonly best: number; readonly order: (best: readonly Ranked[]) => readonly Ranked[] }
  /** How close a publisher is to this node, 0 to 1; default 0. */
  readonly closenessOf?: (publisher: string) => number
  /** ms since 1970 at which freshness is judged; absent: it does not count. */
  readonly now?: number
}

/** Where a field matched: half-open ranges of UTF-16 units. */
export interface Highlight {
  readonly field: 'name' | 'description'
  readonly ranges: readonly (readonly [number, number])[]
}

/** One result, best first; scores compare only within one answer. */
export interface Hit {
  readonly document: Document
  readonly score: number
}

/** Size and health of the index. */
export interface IndexStats {
  /** Documents that can be found. */
  readonly documents: number
  /** Distinct terms of the base. */
  readonly terms: number
  /** Documents and removals that wait in memory for a merge. */
  readonly pending: number
  /** True when the stored index was made by another tokeniser, or is damaged, and must be rebuilt. */
  readonly needsRebuild: boolean
}
