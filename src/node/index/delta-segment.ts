import type { Document } from './document.ts'
import { editDistance, letterMaskOf, mayBeWithin } from './edit-distance.ts'
import { impactsOf, popularityByteOf } from './impact.ts'
import type { Candidate, Filter, Segment } from './segment.ts'

interface DeltaTerm {
  readonly bytes: Uint8Array
  readonly mask: number
  readonly postings: Map<number, number>
}
interface DeltaDocument {
  readonly document: Document
  readonly popularity: number
  readonly terms: readonly string[]
}

/** Documents since the last merge, in memory; ids are given in order of arrival and never reused. */
export class DeltaSegment implements Segment {
  readonly #documents = new Map<number, DeltaDocument>()
  readonly #ids = new Map<string, number>()
  readonly #terms = new Map<string, DeltaTerm>()
  size = 0

  get live(): number {
    return this.#documents.size
  }

  upsert(document: Document): void {
    this.remove(document.key)
    const id = this.size++
    const impacts = impactsOf(document)
    const popularity = popularityByteOf(document.popularity)
    this.#documents.set(id, { document, popularity, terms: [...impacts.keys()] })
    this.#ids.set(document.key, id)
    for (const [term, impact] of impacts) this.#termOf(term).postings.set(id, impact)
  }

  remove(key: string): void {
    const id = this.#ids.get(key)
    if (id === undefined) return
    for (const term of this.#documents.get(id)?.terms ?? []) this.#drop(term, id)
    this.#documents.delete(id)
    this.#ids.delete(key)
  }

  lookup(key: string): Document | null {
    const id = this.#ids.get(key)
    return id === undefined ? null : this.documentOf(id)
  }

  dfOf(term: string): number {
    return this.#terms.get(term)?.postings.size ?? 0
  }

  withPrefix(prefix: string): Candidate[] {
    const found: Candidate[] = []
    for (const [term, { postings }] of this.#terms) {
      if (term.length > prefix.length && term.startsWith(prefix)) found.push(this.#candidate(term, 0, postings))
    }
    return found
  }

  within(word: string, limit: number): Candidate[] {
    const wanted = Buffer.from(word)
    const mask = letterMaskOf(wanted)
    const found: Candidate[] = []
    for (const [term, entry] of this.#terms) {
      if (!mayBeWithin(mask, entry.mask, limit)) continue
      const distance = editDistance(wanted, entry.bytes, limit)
      if (distance > 0 && distance <= limit) found.push(this.#candidate(term, distance, entry.postings))
    }
    return found
  }

  read(term: string, limit: number, visit: (id: number, impact: number) => void): void {
    let left = limit
    for (const [id, impact] of this.#terms.get(term)?.postings ?? []) {
      if (left-- <= 0) return
      visit(id, impact)
    }
  }

  popularityOf(id: number): number {
    return this.#documents.get(id)?.popularity ?? 0
  }

  mayShow(id: number, { filter, publicOnly, mayShow }: Filter): boolean {
    const document = this.#documents.get(id)?.document
    if (document === undefined || (publicOnly === true && !document.isPublic)) return false
    const { types, publishers } = filter ?? {}
    if (types?.length && !types.includes(document.type)) return false
    if (publishers?.length && !publishers.includes(document.publisher)) return false
    return mayShow?.(document.publisher) ?? true
  }

  publisherOf(id: number): string {
    return this.#documents.get(id)?.document.publisher ?? ''
  }

  documentOf(id: number): Document | null {
    return this.#documents.get(id)?.document ?? null
  }

  #termOf(term: string): DeltaTerm {
    let entry = this.#terms.get(term)
    if (entry === undefined) {
      const bytes = Buffer.from(term)
      entry = { bytes, mask: letterMaskOf(bytes), postings: new Map() }
      this.#terms.set(term, entry)
    }
    return entry
  }

  #drop(term: string, id: number): void {
    const postings = this.#terms.get(term)?.postings
    postings?.delete(id)
    if (postings?.size === 0) this.#terms.delete(term)
  }

  #candidate(term: string, distance: number, postings: Map<number, number>): Candidate {
    let popularity = 0
    for (const id of postings.keys()) popularity = Math.max(popularity, this.popularityOf(id))
    return { term, distance, popularity }
  }
}
