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
  /** Any count that grows with use (dependents, downloads), at least 0. */
  readonly popularity: number
}

/** Identity of a document: one publisher's package. */
export const documentKeyOf = (publisher: string, packageName: string): string => `${publisher} ${packageName}`

/** What to search for. */
export interface SearchQuery {
  readonly text: string
  /** Hits wanted, 1 to 100. */
  readonly limit: number
  /** Only packages of this package URL type. */
  readonly type?: string
  /** Only packages of this publisher. */
  readonly publisher?: string
  /** Only documents that are public. */
  readonly publicOnly?: boolean
  /** Whether anything of a publisher may be shown. */
  readonly mayShow?: (publisher: string) => boolean
  /** What a document is to be shown as now; null: not at all. Asked for the best alone, at most MAX_REFUSED_OF_ONE times in vain for a publisher. */
  readonly shownAs?: (document: Document) => Document | null
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
  readonly highlights: readonly Highlight[]
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
