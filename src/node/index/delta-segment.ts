import type { Document } from './document.ts'
import { EditDistance, letterMaskOf, mayBeWithin } from './edit-distance.ts'
import type { Effort } from './effort.ts'
import { compileFilter } from './filter.ts'
import { impactsOf, popularityByteOf } from './impact.ts'
import { BLOCK_POSTINGS } from './limits.ts'
import { MostPopular } from './most-popular.ts'
import type { Candidate, Filter, PostingVisitor, Segment } from './segment.ts'
import { dayOf, qualityByteOf } from './signals.ts'

/** A term in a map costs as much as so many in the columns of a base. */
const SCAN_FACTOR = 8

/** Unlike `Buffer.from`: a few bytes that stay would keep a whole page of Node's pool. */
const UTF8 = new TextEncoder()

interface DeltaTerm {
  readonly term: string
  readonly bytes: Uint8Array
  readonly mask: number
  readonly ids: number[]
  readonly impacts: number[]
  /** Highest popularity byte of its documents. */
  popularity: number
}
interface DeltaDocument {
  readonly document: Document
  readonly foldedName: string
  readonly popularity: number
}

/** Gaps above four times the living documents that are put up with. */
const MAX_GAPS = 4096

/**
 * Documents since the last merge, in memory. Ids are given in order of arrival; the number of a replaced one stays as a gap, until
 * there are so many (a document that keeps changing while merges fail) that the living are numbered anew.
 */
export class DeltaSegment implements Segment {
  readonly #documents: (DeltaDocument | null)[] = []
  readonly #ids = new Map<string, number>()
  readonly #terms = new Map<string, DeltaTerm>()
  readonly #idBlock = new Uint32Array(BLOCK_POSTINGS)
  readonly #impactBlock = new Uint8Array(BLOCK_POSTINGS)

  get size(): number {
    return this.#documents.length
  }

  get live(): number {
    return this.#ids.size
  }

  upsert(document: Document): void {
    this.remove(document.key)
    if (this.size > 4 * this.live + MAX_GAPS) this.#closeGaps()
    this.#add(document)
  }

  #closeGaps(): void {
    const living = this.#documents.flatMap(each => each?.document ?? [])
    this.#documents.length = 0
    this.#ids.clear()
    this.#terms.clear()
    for (const document of living) this.#add(document)
  }

  #add(document: Document): void {
    const id = this.#documents.length
    const popularity = popularityByteOf(document.popularity)
    this.#documents.push({ document, foldedName: document.name.toLowerCase(), popularity })
    this.#ids.set(document.key, id)
    for (const [term, impact] of impactsOf(document)) {
      const entry = this.#termOf(term)
      entry.ids.push(id)
      entry.impacts.push(impact)
      entry.popularity = Math.max(entry.popularity, popularity)
    }
  }

  remove(key: string): void {
    const id = this.#ids.get(key)
    if (id === undefined) return
    const { document } = this.#documents[id]!
    this.#documents[id] = null
    this.#ids.delete(key)
    for (const [term] of impactsOf(document)) this.#withdraw(term, id)
  }

  /** Takes a document out of a term's list, which is in order. */
  #withdraw(term: string, id: number): void {
    const entry = this.#terms.get(term)
    const at = entry === undefined ? -1 : placeOf(entry.ids, id)
    if (entry === undefined || at < 0) return
    entry.ids.splice(at, 1)
    entry.impacts.splice(at, 1)
    if (entry.ids.length === 0) this.#terms.delete(term)
  }

  lookup(key: string): Document | null {
    const id = this.#ids.get(key)
    return id === undefined ? null : this.documentOf(id)
  }

  dfOf(term: string): number {
    return this.#terms.get(term)?.ids.length ?? 0
  }

  withPrefix(prefix: string, most: number): Candidate[] {
    const found = new MostPopular<Candidate>(most)
    for (const { term, popularity } of this.#terms.values()) {
      if (term.length <= prefix.length || !term.startsWith(prefix) || !found.takes(popularity, 0)) continue
      found.add({ term, distance: 0, popularity })
    }
    return found.items
  }

  within(word: string, limit: number, most: number, effort: Effort): Candidate[] {
    const bytes = Buffer.from(word)
    const wanted = new EditDistance(bytes)
    const mask = letterMaskOf(bytes)
    const found = new MostPopular<Candidate>(most)
    if (!effort.mayScan(this.#terms.size * SCAN_FACTOR)) return []
    for (const { term, popularity, bytes: own, mask: letters } of this.#terms.values()) {
      if (Math.abs(own.length - bytes.length) > limit || !mayBeWithin(mask, letters, limit)) continue
      if (!effort.mayCompare()) break
      const distance = wanted.to(own)
      if (distance === 0 || distance > limit || !found.takes(popularity, distance)) continue
      found.add({ term, distance, popularity })
    }
    return found.items
  }

  read(term: string, most: number, visit: PostingVisitor): void {
    const { ids = [], impacts = [] } = this.#terms.get(term) ?? {}
    for (let from = 0; from < Math.min(ids.length, most); from += BLOCK_POSTINGS) {
      const count = Math.min(BLOCK_POSTINGS, ids.length - from)
      for (let i = 0; i < count; i++) {
        this.#idBlock[i] = ids[from + i]!
        this.#impactBlock[i] = impacts[from + i]!
      }
      visit(this.#idBlock, this.#impactBlock, count)
    }
  }

  named(prefix: string, most: number, mayShow: (id: number) => boolean): number[] {
    const wanted = prefix.toLowerCase()
    const called: number[] = []
    const begun: number[] = []
    for (const [id, entry] of this.#documents.entries()) {
      if (!entry?.foldedName.startsWith(wanted) || !mayShow(id)) continue
      ;(entry.foldedName.length === wanted.length ? called : begun).push(id)
    }
    const firstOf = (ids: number[]) =>
      ids.sort((a, b) => this.popularityOf(b) - this.popularityOf(a) || a - b).slice(0, most)
    return [...firstOf(called), ...firstOf(begun)]
  }

  popularityOf(id: number): number {
    return this.#documents[id]?.popularity ?? 0
  }

  passing({ filter = {}, publicOnly = false, mayShow }: Filter): (id: number) => boolean {
    const { types = [], publishers = [], licenses = [] } = filter
    const fits = compileFilter({ types, publishers, licenses })
    return id => {
      const document = this.#documents[id]?.document
      if (document === undefined || (publicOnly && !document.isPublic)) return false
      return fits(document) && (mayShow?.(document.publisher) ?? true)
    }
  }

  nameOf(id: number): string {
    return this.#documents[id]?.document.name ?? ''
  }

  publisherOf(id: number): string {
    return this.#documents[id]?.document.publisher ?? ''
  }

  typeOf(id: number): string {
    return this.#documents[id]?.document.type ?? ''
  }

  signalsOf(id: number) {
    const { releasedMs = 0, quality = null } = this.#documents[id]?.document ?? {}
    return { popularity: this.popularityOf(id), day: dayOf(releasedMs), quality: qualityByteOf(quality) }
  }

  documentOf(id: number): Document | null {
    return this.#documents[id]?.document ?? null
  }

  #termOf(term: string): DeltaTerm {
    let entry = this.#terms.get(term)
    if (entry === undefined) {
      const bytes = UTF8.encode(term)
      entry = { term, bytes, mask: letterMaskOf(bytes), ids: [], impacts: [], popularity: 0 }
      this.#terms.set(term, entry)
    }
    return entry
  }
}

/** Where a number stands in an ascending list, or -1. */
function placeOf(ids: readonly number[], id: number): number {
  let [low, high] = [0, ids.length - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (ids[middle] === id) return middle
    if (ids[middle]! < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}
