import type { LookAlike } from '../../protocol/index.ts'

/** What to search for; the lists say the same as `type:`, `license:` and so on in the text, see the README. */
export interface SearchRequest {
  /** Words and operators as typed. */
  readonly text: string
  readonly limit: number
  /** Ask no peer. */
  readonly local: boolean
  /** Show what the policy denies too. */
  readonly all?: boolean
  readonly types?: readonly string[]
  /** Names or ids. */
  readonly publishers?: readonly string[]
  readonly licenses?: readonly string[]
  readonly keywords?: readonly string[]
  readonly phrases?: readonly string[]
  readonly without?: readonly string[]
  /** allowed, mirrored, followed, own. */
  readonly is?: readonly string[]
}

/** What this node says of installing a hit from its publisher. */
export interface HitVerdict {
  readonly decision: 'allow' | 'hold' | 'deny'
  /** The first rule that objects; `route`: nothing but that no route leads to its publisher; `damaged`: its records cannot be read here. */
  readonly rule: string | null
  readonly reason: string | null
  /** When a hold ends by itself, ISO 8601; null: when somebody decides. */
  readonly until: string | null
  /** Commands that change it, one a line; absent: none is known. */
  readonly hint?: string
  /** What the rules would decide if the policy were enforced; absent: the same. */
  readonly would?: Omit<HitVerdict, 'would'>
}

/** One hit of `hanse search`. */
export interface SearchHit {
  /** Package URL without version. */
  readonly purl: string
  /** As its ecosystem writes it. */
  readonly name: string
  readonly publisher: string
  readonly publisherName: string | null
  readonly version: string
  readonly description: string
  /** SPDX expression; '': none is known. */
  readonly license: string
  readonly keywords: readonly string[]
  /** 0 to 1; 1 is the best hit of this answer, and scores of two answers say nothing about each other. */
  readonly score: number
  readonly source: 'local' | 'federated'
  readonly relation: string
  /** When the release says it was made, ISO 8601; null: not known. */
  readonly released: string | null
  /** How much of what a reader needs the package tells, 0 to 1; null: not known. */
  readonly quality: number | null
  /** The trusted name that this one may be mistaken for; absent: none. */
  readonly looksLike?: LookAlike
  /** Where the query matched; see the index's `Highlight`. */
  readonly highlights: readonly object[]
  readonly verdict: HitVerdict
}

/** What a search found. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[]
  /** Better hits than the last one shown that the policy denies. */
  readonly hidden: number
  /** What of the text was not understood. */
  readonly notes: readonly string[]
  /** `partial`: some did not answer in time. */
  readonly peers: { readonly asked: number; readonly answered: number; readonly partial: boolean }
  readonly tookMs: number
}

/** What of `NodeServices` is about finding packages. */
export interface SearchServices {
  search(query: SearchRequest): Promise<SearchAnswer>
  /** Names of packages held here that begin so. */
  complete(query: { readonly text: string; readonly limit: number }): Promise<object>
}
