import { EditDistance, letterMaskOf, mayBeWithin } from './edit-distance.ts'
import type { Effort } from './effort.ts'
import { MAX_PREFIX_TERMS } from './limits.ts'
import { MostPopular, type Near } from './most-popular.ts'

/** Terms of a base as they are stored, sorted by their bytes. */
export interface TermColumns {
  /** All terms, one after the other. */
  readonly bytes: Uint8Array
  /** Bytes of each term. */
  readonly lengths: Uint8Array
  /** Documents that have it. */
  readonly df: Uint32Array
  /** Where its postings start, `page * PLACE_BYTES + offset`; at df 1 the posting itself, `document id * 256 + impact`. */
  readonly place: Uint32Array
  /** Popularity byte of its most popular document. */
  readonly popularity: Uint8Array
}

/** Offsets in a page are below this. */
export const PLACE_BYTES = 8192

/** A term near what was typed, by its number. */
export interface NearTerm extends Near {
  readonly at: number
}

/** All terms of a base in memory: about 34 bytes a term. */
export class Terms {
  readonly count: number
  readonly columns: TermColumns
  readonly #starts: Uint32Array
  /** Term numbers by length, then by number; `#masks` and `#popularity` are in this order. */
  readonly #byLength: Uint32Array
  readonly #masks: Uint32Array
  readonly #popularity: Uint8Array
  /** Where the terms of each length start in `#byLength`. */
  readonly #buckets = new Uint32Array(258)

  constructor(columns: TermColumns) {
    const { bytes, lengths } = columns
    this.columns = columns
    this.count = lengths.length
    this.#starts = new Uint32Array(lengths.length + 1)
    this.#byLength = new Uint32Array(lengths.length)
    this.#masks = new Uint32Array(lengths.length)
    this.#popularity = new Uint8Array(lengths.length)
    for (const length of lengths) this.#buckets[length + 1]!++
    for (let i = 1; i < this.#buckets.length; i++) this.#buckets[i]! += this.#buckets[i - 1]!
    const next = this.#buckets.slice()
    for (let i = 0, at = 0; i < lengths.length; i++) {
      const end = at + lengths[i]!
      const place = next[lengths[i]!]!++
      this.#byLength[place] = i
      this.#masks[place] = letterMaskOf(bytes, at, end)
      this.#popularity[place] = columns.popularity[i]!
      this.#starts[i + 1] = end
      at = end
    }
  }

  /** Number of a term, or -1. */
  find(term: Uint8Array): number {
    const at = this.#lowerBound(term)
    return at < this.count && this.#compare(at, term) === 0 ? at : -1
  }

  textOf(at: number): string {
    const { buffer, byteOffset } = this.columns.bytes
    const start = this.#starts[at]!
    return Buffer.from(buffer, byteOffset + start, this.#starts[at + 1]! - start).toString('utf8')
  }

  /** The `most` terms with the most popular documents among those that start with `prefix`, without the prefix itself. */
  withPrefix(prefix: Uint8Array, most: number): NearTerm[] {
    const { popularity, lengths } = this.columns
    const found = new MostPopular<NearTerm>(most)
    const from = this.#lowerBound(prefix)
    const end = Math.min(
      this.#firstWhere(at => this.#compare(at, prefix, prefix.length) > 0),
      from + MAX_PREFIX_TERMS,
    )
    for (let at = from; at < end; at++) {
      if (popularity[at]! < found.bar || lengths[at]! <= prefix.length || !found.takes(popularity[at]!, 0)) continue
      found.add({ at, distance: 0, popularity: popularity[at]! })
    }
    return found.items
  }

  /** The `most` terms with the most popular documents among those 1 to `limit` edits away. */
  within(word: Uint8Array, limit: number, most: number, effort: Effort): NearTerm[] {
    const wanted = new EditDistance(word)
    const mask = letterMaskOf(word)
    const { bytes } = this.columns
    const [byLength, masks, popularities, starts] = [this.#byLength, this.#masks, this.#popularity, this.#starts]
    const found = new MostPopular<NearTerm>(most)
    const from = this.#buckets[Math.max(0, wanted.length - limit)]!
    const end = this.#buckets[Math.min(256, wanted.length + limit + 1)]!
    if (!effort.mayScan(end - from)) return []
    for (let i = from; i < end; i++) {
      if (!mayBeWithin(mask, masks[i]!, limit)) continue
      // Most terms are not popular enough to matter, whatever their letters.
      const popularity = popularities[i]!
      if (popularity < found.bar) continue
      if (!effort.mayCompare()) break
      const at = byLength[i]!
      const distance = wanted.to(bytes, starts[at]!, starts[at + 1]!)
      if (distance > 0 && distance <= limit && found.takes(popularity, distance))
        found.add({ at, distance, popularity })
    }
    return found.items
  }

  /** Orders a term, or its first `most` bytes, against bytes. */
  #compare(at: number, wanted: Uint8Array, most = Number.POSITIVE_INFINITY): number {
    const { bytes } = this.columns
    const start = this.#starts[at]!
    const length = Math.min(this.#starts[at + 1]! - start, most)
    const common = Math.min(length, wanted.length)
    for (let i = 0; i < common; i++) {
      const difference = bytes[start + i]! - wanted[i]!
      if (difference !== 0) return difference
    }
    return length - wanted.length
  }

  #lowerBound(wanted: Uint8Array): number {
    return this.#firstWhere(at => this.#compare(at, wanted) >= 0)
  }

  /** Number of the first term that `isThere`, which holds for all after it too. */
  #firstWhere(isThere: (at: number) => boolean): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isThere(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
}
