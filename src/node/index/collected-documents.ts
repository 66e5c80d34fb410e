import type { Labels } from './base-layout.ts'
import type { Document } from './document.ts'
import { GrowingColumn } from './growing-column.ts'
import { impactsOf, popularityByteOf } from './impact.ts'
import { keyHashOf } from './key-hash.ts'
import { dayOf, qualityByteOf } from './signals.ts'
import { encodeDocument, isOdd, parseDocument } from './stored-document.ts'

const bytes = () => new GrowingColumn(length => new Uint8Array(length))
const words = () => new GrowingColumn(length => new Uint32Array(length))

/** The documents of a base while it is built, in columns by slot (order of arrival). */
export class CollectedDocuments {
  readonly names: string[] = []
  readonly hash = new GrowingColumn(length => new Float64Array(length))
  readonly popularity = bytes()
  readonly released = new GrowingColumn(length => new Uint16Array(length))
  readonly quality = bytes()
  readonly isPublic = bytes()
  readonly type = words()
  readonly publisher = words()
  readonly license = words()
  /** 1 for a document whose key does not tell its name. */
  readonly odd = bytes()
  /** Stored forms. */
  readonly rows: Uint8Array[] = []
  /** Number of each term. */
  readonly terms = new Map<string, number>()
  readonly #exactPopularity = new GrowingColumn(length => new Float64Array(length))
  readonly #postingTerms = words()
  readonly #postingImpacts = bytes()
  /** Where the postings of each slot start. */
  readonly #postingStarts = words()
  readonly #labels = { types: new Labelling(), publishers: new Labelling(), licenses: new Labelling() }

  /** Documents taken. */
  get size(): number {
    return this.names.length
  }

  add(document: Document): void {
    this.names.push(document.name)
    this.rows.push(encodeDocument(document))
    this.odd.push(isOdd(document) ? 1 : 0)
    this.hash.push(keyHashOf(document.key))
    this.#exactPopularity.push(document.popularity)
    this.popularity.push(popularityByteOf(document.popularity))
    this.released.push(dayOf(document.releasedMs))
    this.quality.push(qualityByteOf(document.quality))
    this.isPublic.push(document.isPublic ? 1 : 0)
    this.type.push(this.#labels.types.numberOf(document.type))
    this.publisher.push(this.#labels.publishers.numberOf(document.publisher))
    this.license.push(this.#labels.licenses.numberOf(document.license))
    this.#postingStarts.push(this.#postingTerms.length)
    for (const [term, impact] of impactsOf(document)) {
      this.#postingTerms.push(this.#numberOf(term))
      this.#postingImpacts.push(impact)
    }
  }

  #keyOf(slot: number): string | undefined {
    const { types, publishers, licenses } = this.labels
    const columns = {
      name: this.names[slot]!,
      type: types[this.type.at(slot)]!,
      publisher: publishers[this.publisher.at(slot)]!,
      license: licenses[this.license.at(slot)]!,
      isPublic: this.isPublic.at(slot) === 1,
    }
    return parseDocument(this.rows[slot], columns)?.key
  }

  get labels(): Labels {
    const { types, publishers, licenses } = this.#labels
    return { types: types.texts, publishers: publishers.texts, licenses: licenses.texts }
  }

  /**
   * Slot of each document id: by popularity, then by hash, so that ids do not depend on the order of arrival. Of several documents of
   * one key the last counts.
   */
  slotsByPopularity(): Uint32Array {
    const [popularity, hashes] = [this.#exactPopularity, this.hash]
    const replaced = this.#replacedSlots()
    return Uint32Array.from(this.names.keys())
      .filter(slot => !replaced.has(slot))
      .sort((a, b) => popularity.at(b) - popularity.at(a) || hashes.at(a) - hashes.at(b))
  }

  #replacedSlots(): ReadonlySet<number> {
    const sorted = this.hash.values.slice().sort()
    const shared = new Set(sorted.filter((hash, i) => hash === sorted[i + 1]))
    const last = new Map<string | undefined, number>()
    const replaced = new Set<number>()
    for (let slot = 0; shared.size > 0 && slot < this.size; slot++) {
      if (!shared.has(this.hash.at(slot))) continue
      const key = this.#keyOf(slot)
      const earlier = last.get(key)
      if (earlier !== undefined) replaced.add(earlier)
      last.set(key, slot)
    }
    return replaced
  }

  /** Postings by term number, ascending by document id: those of term t are at [starts[t], starts[t + 1]). */
  postingsOf(slots: Uint32Array): { starts: Uint32Array; ids: Uint32Array; impacts: Uint8Array } {
    const terms = this.#postingTerms.values
    const starts = new Uint32Array(this.terms.size + 2)
    this.#eachPosting(slots, (_, at) => starts[terms[at]! + 2]!++)
    for (let i = 2; i < starts.length; i++) starts[i]! += starts[i - 1]!
    const ids = new Uint32Array(starts.at(-1)!)
    const impacts = new Uint8Array(ids.length)
    this.#eachPosting(slots, (id, at) => {
      const place = starts[terms[at]! + 1]!++
      ids[place] = id
      impacts[place] = this.#postingImpacts.at(at)
    })
    return { starts: starts.subarray(0, -1), ids, impacts }
  }

  #eachPosting(slots: Uint32Array, visit: (id: number, at: number) => void): void {
    const starts = this.#postingStarts.values
    for (let id = 0; id < slots.length; id++) {
      const slot = slots[id]!
      const end = starts[slot + 1] ?? this.#postingTerms.length
      for (let at = starts[slot]!; at < end; at++) visit(id, at)
    }
  }

  #numberOf(term: string): number {
    const known = this.terms.get(term)
    if (known !== undefined) return known
    this.terms.set(term, this.terms.size)
    return this.terms.size - 1
  }
}

/** Numbers texts in the order in which they come. */
class Labelling {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }
}
