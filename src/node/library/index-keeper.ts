import type { CatalogueFold, PublisherId, TouchedPackage } from '../../protocol/index.ts'
import { type Document, documentKeyOf, type SearchBatchOperation, type SearchIndex } from '../index/index.ts'
import type { HiddenNames } from './hidden-names.ts'
import type { Popularity } from './popularity.ts'
import { hasMoved } from './popularity-step.ts'
import { searchDocumentOf, shownReleaseOf } from './search-document.ts'
import { unlessDamaged } from './stored-bodies.ts'

/** Documents whose popularity alone moved that go with a change, beside one for each package it touches; the others wait for the next. */
const MAX_RERANKED = 64
/** Names that are looked at for that with one change, those that nobody has among them: a record may need thousands that it made up. */
const MAX_LOOKED_AT = 1_024
/** Documents that are others at a start, or missing, that are written singly; with more of them a rebuild is cheaper. */
const MAX_DRIFTED = 1_000

export interface IndexKeeperParts {
  readonly catalogue: CatalogueFold
  readonly index: SearchIndex
  readonly popularity: Popularity
  readonly hidden: HiddenNames
}

/** Keeps the search index in line with the catalogue and with how much packages are used. */
export class IndexKeeper {
  readonly #catalogue: CatalogueFold
  readonly #index: SearchIndex
  readonly #popularity: Popularity
  readonly #hidden: HiddenNames
  readonly #opening: Document[] = []

  constructor({ catalogue, index, popularity, hidden }: IndexKeeperParts) {
    this.#catalogue = catalogue
    this.#index = index
    this.#popularity = popularity
    this.#hidden = hidden
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
    let left = MAX_LOOKED_AT
    for (const name of this.#popularity.moved()) {
      for (const publisher of this.#catalogue.publishersOf(name)) {
        const found = this.#index.lookup(documentKeyOf(publisher, name))
        const now = found === null ? null : this.#ranked(found)
        if (found !== null && now !== null && hasMoved(found.popularity, now.popularity)) moved.push(now)
      }
      if (moved.length >= MAX_RERANKED + more || --left <= 0) break
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
   * Brings the index in line at a start. Another tokeniser, or documents that should not be there: rebuilt; it takes seconds and loses
   * nothing. Documents that are missing, others, or noticeably more or less popular, as after a crash, are to be written.
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

  /** The documents that the index does not have as they are; null when it has to be made anew. */
  #driftedOf(documents: readonly Document[]): readonly Document[] | null {
    const { needsRebuild, documents: indexed } = this.#index.stats()
    if (needsRebuild) return null
    const drifted: Document[] = []
    let found = 0
    for (const document of documents) {
      const known = this.#index.lookup(document.key)
      if (known !== null) found++
      if (known === null || !isSame(known, document)) drifted.push(document)
      if (drifted.length > MAX_DRIFTED) return null
    }
    return found === indexed ? drifted : null
  }

  /** A package as search shows it, or null; what it needs is counted, and its name kept from peers while it is not public. */
  #described({ publisher, package: name }: TouchedPackage): Document | null {
    const state = this.#catalogue.package(publisher, name)
    const release = state === null ? null : shownReleaseOf(state, null)
    this.#popularity.show(publisher, name, release)
    this.#hidden.show(publisher, name, state)
    return state === null || release === null ? null : searchDocumentOf(publisher, state, null, release)
  }

  #ranked(document: Document): Document {
    const name = document.package as TouchedPackage['package']
    return { ...document, popularity: this.#popularity.of(document.publisher as PublisherId, name) }
  }
}

/** Popularity alone may differ a little. */
function isSame(a: Document, b: Document): boolean {
  if (hasMoved(a.popularity, b.popularity)) return false
  return (Object.keys(b) as (keyof Document)[]).every(key => key === 'popularity' || String(a[key]) === String(b[key]))
}
