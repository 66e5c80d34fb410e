import type { AskedQuery } from './query-file.ts'

/** The engines in the order in which tables show them. */
export const ENGINES = ['ours', 'fts5', 'minisearch', 'orama', 'flexsearch', 'fuse'] as const

export type EngineName = (typeof ENGINES)[number]

/** One line of a corpus; what the line left out is empty. */
export interface CorpusPackage {
  /** Byte-exact: hits are judged by it. */
  readonly name: string
  readonly version: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly publisher: string
  readonly license: string
  /** Package URL type, `generic` where the corpus says none. */
  readonly type: string
  readonly popularity: number
}

/** What no two packages of a corpus share. */
export type PackageIdentity = Pick<CorpusPackage, 'publisher' | 'name' | 'type'>

/** What an engine must have at hand for each hit. */
export interface Found {
  readonly name: string
  readonly description: string
}

/** A search engine that is measured. */
export interface Contender {
  /** Leaves a durable index in an empty folder, with nothing open. */
  build(packages: AsyncIterable<CorpusPackage>, folder: string): Promise<void>
  /** Opens what `build` left there; the corpus is gone by then. */
  open(folder: string): Promise<OpenEngine>
}

export interface OpenEngine {
  /** At most 10 hits, best first. */
  search(query: AskedQuery): Found[] | Promise<Found[]>
  /** Whether the index holds exactly this package; absent: the engine has no such question. */
  readonly lookup?: (identity: PackageIdentity) => boolean
  close(): Promise<void>
}

/** Hits asked for: MRR@10 looks at no more. */
export const HITS = 10

/** Popularity on a logarithmic scale: downloads run to billions. */
export const popularityBits = (popularity: number): number => Math.log2(1 + popularity)
