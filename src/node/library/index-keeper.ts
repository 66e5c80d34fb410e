import type { CatalogueFold, PublisherId, TouchedPackage } from '../../protocol/index.ts'
import { type Document, documentKeyOf, type SearchBatchOperation, type SearchIndex } from '../index/index.ts'
import type { Popularity } from './popularity.ts'
import { hasMoved } from './popularity-step.ts'
import { searchDocumentOf, shownReleaseOf } from './search-document.ts'
import { unlessDamaged } from './stored-bodies.ts'

/** Documents whose popularity alone moved that go with a change, beside one for each package it touches; the others wait for the next. */
const MAX_RERANKED = 64
/** Documents whose popularity alone is another at a start that are written singly; with more of them a rebuild is cheaper. */
const MAX_DRIFTED = 1_000

export interface IndexKeeperParts {
  readonly catalogue: CatalogueFold
  readonly index: SearchIndex
  readonly popularity: Popularity
}

/** Keeps the search index in line with the catalogue and with how much packages are used. */
export class IndexKeeper {
  readonly #catalogue: CatalogueFold
  readonly #index: SearchIndex
  readonly #popularity: Popularity
  readonly #opening: Document[] = []

  constructor({ catalogue, index, popularity }: IndexKeeperParts) {
    this.#catalogue = catalogue
    this.#index = index
    this.#popularity = popularity
  }

  /** What is to be written after these packages may have changed. */
  take(touched: readonly TouchedPackage[]): SearchBatchOperation[] {
    // All needs are counted before any document is ranked: a batch may bring a package and its dependents.
    const documents = touched.flatMap(each => unlessDamaged(() => [[each, this.#described(each)] as const]) ?? [])
    const writes = documents.flatMap(([{ publisher, package: name }, document]) =>
      document === null
        ? this.#index.remove(documentKeyOf(publisher, name))
        : this.#index.upsert(this.#ranked(document)),
    )
    return [...writes, ...this.rerank(touched.length)]
  }

  /** What is to be written where popularity moved noticeably: MAX_RERANKED documents and `more`, and the rest of the last one's name. */
  rerank(more = 0): SearchBatchOperation[] {
    const moved: Document[] = []
    for (const name of this.#popularity.moved()) {
      for (const publisher of this.#catalogue.publishersOf(name)) {
        const found = this.#index.lookup(documentKeyOf(publisher, name))
        const now = found === null ? null : this.#ranked(found)
        if (found !== null && now !== null && hasMoved(found.popularity, now.popularity)) moved.push(now)
      }
      if (moved.length >= MAX_RERANKED + more) break
    }
    return moved.flatMap(document => this.#index.upsert(document))
  }

  /** Reads what search shows of a publisher's packages at a start, before `reconcile`. */
  describe(publisher: PublisherId): void {
    for (const name of this.#catalogue.publisher(publisher)?.packages.keys() ?? []) {
      const each = { publisher, package: name }
      const document = unlessDamaged(() => this.#described(each))
      if (document !== null) this.#opening.push(document)
      unlessDamaged(() => this.#catalogue.settle(each))
    }
  }

  /**
   * Brings the index in line at a start. A crash between a record and its place in the index, or another tokeniser: rebuilt; it takes
   * seconds and loses nothing. Where popularity alone moved noticeably, the answer is to be written.
   */
  async reconcile(): Promise<SearchBatchOperation[]> {
    const documents = this.#opening.splice(0).map(document => this.#ranked(document))
    this.#popularity.settle()
    const drifted = this.#driftedOf(documents)
    if (drifted !== null) return drifted.flatMap(document => this.#index.upsert(document))
    await this.#index.rebuild(
      (async function* () {
        yield* documents
      })(),
    )
    return []
  }

  /** The documents whose popularity alone is noticeably another in the index; null when it has to be made anew. */
  #driftedOf(documents: readonly Document[]): readonly Document[] | null {
    const { needsRebuild, documents: indexed } = this.#index.stats()
    if (needsRebuild || indexed !== documents.length) return null
    const drifted: Document[] = []
    for (const document of documents) {
      const found = this.#index.lookup(document.key)
      if (found === null || !isSameButPopularity(found, document)) return null
      if (hasMoved(found.popularity, document.popularity)) drifted.push(document)
      if (drifted.length > MAX_DRIFTED) return null
    }
    return drifted
  }

  /** A package as search shows it, or null; what it needs is counted. */
  #described({ publisher, package: name }: TouchedPackage): Document | null {
    const state = this.#catalogue.package(publisher, name)
    const release = state === null ? null : shownReleaseOf(state, null)
    this.#popularity.show(publisher, name, release)
    return state === null || release === null ? null : searchDocumentOf(publisher, state, null, release)
  }

  #ranked(document: Document): Document {
    const name = document.package as TouchedPackage['package']
    return { ...document, popularity: this.#popularity.of(document.publisher as PublisherId, name) }
  }
}

function isSameButPopularity(a: Document, b: Document): boolean {
  return (Object.keys(b) as (keyof Document)[]).every(key => key === 'popularity' || String(a[key]) === String(b[key]))
}
