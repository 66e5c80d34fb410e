import type { Document } from './document.ts'
import { EditDistance, letterMaskOf, mayBeWithin } from './edit-distance.ts'
import { compileFilter } from './filter.ts'
import { impactsOf, popularityByteOf } from './impact.ts'
import { BLOCK_POSTINGS } from './limits.ts'
import type { Candidate, Filter, PostingVisitor, Segment } from './segment.ts'
import { dayOf, qualityByteOf } from './signals.ts'

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

/** Documents since the last merge, in memory; ids are given in order of arrival and never reused, so a replaced one stays as a gap. */
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
    this.#documents[id] = null
    this.#ids.delete(key)
  }

  lookup(key: string): Document | null {
    const id = this.#ids.get(key)
    return id === undefined ? null : this.documentOf(id)
  }

  dfOf(term: string): number {
    return this.#terms.get(term)?.ids.length ?? 0
  }

  withPrefix(prefix: string, most: number): Candidate[] {
    const found: DeltaTerm[] = []
    for (const entry of this.#terms.values()) {
      if (entry.term.length > prefix.length && entry.term.startsWith(prefix)) found.push(entry)
    }
    return mostPopular(found, most).map(entry => candidateOf(entry, 0))
  }

  within(word: string, limit: number, most: number): Candidate[] {
    const bytes = Buffer.from(word)
    const wanted = new EditDistance(bytes)
    const mask = letterMaskOf(bytes)
    const found = new Map<DeltaTerm, number>()
    for (const entry of this.#terms.values()) {
      if (Math.abs(entry.bytes.length - bytes.length) > limit || !mayBeWithin(mask, entry.mask, limit)) continue
      const distance = wanted.to(entry.bytes)
      if (distance > 0 && distance <= limit) found.set(entry, distance)
    }
    return mostPopular([...found.keys()], most).map(entry => candidateOf(entry, found.get(entry)!))
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
      const bytes = Buffer.from(term)
      entry = { term, bytes, mask: letterMaskOf(bytes), ids: [], impacts: [], popularity: 0 }
      this.#terms.set(term, entry)
    }
    return entry
  }
}

function mostPopular(terms: DeltaTerm[], most: number): DeltaTerm[] {
  return terms.sort((a, b) => b.popularity - a.popularity || (a.term < b.term ? -1 : 1)).slice(0, most)
}

const candidateOf = ({ term, popularity }: DeltaTerm, distance: number): Candidate => ({ term, distance, popularity })
