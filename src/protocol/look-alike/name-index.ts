import type { LookAlike } from '../policy/facts.ts'
import { likenessOf } from './likeness.ts'
import { keysOf, MAX_KEYS } from './name-keys.ts'

/**
 * Names of one ecosystem, the most used first, arranged so that those one slip away from any name are found at once. Keys
 * are hashed into buckets of places; every candidate is compared in full, so a collision costs a comparison and is never an
 * answer.
 */
export class NameIndex {
  readonly names: readonly string[]
  /** Where each bucket begins in `#places`; one more than there are buckets. */
  readonly #starts: Uint32Array
  readonly #places: Uint32Array
  readonly #mask: number

  constructor(names: readonly string[]) {
    this.names = names
    const { keys, ends } = allKeysOf(names)
    this.#mask = bucketsFor(keys.length) - 1
    this.#starts = startsOf(keys, this.#mask)
    this.#places = new Uint32Array(keys.length)
    const next = this.#starts.slice(0, -1)
    let at = 0
    for (let place = 0; place < names.length; place++) {
      for (const end = ends[place]!; at < end; at++) this.#places[next[keys[at]! & this.#mask]!++] = place
    }
  }

  get size(): number {
    return this.names.length
  }

  /** Bytes of the arrays, the texts of the names left out. */
  get bytes(): number {
    return this.#starts.byteLength + this.#places.byteLength
  }

  /** The most used name that `name` may be taken for; the caller knows that `name` itself is none of them. */
  lookAlikeOf(name: string): LookAlike | null {
    const keys = new Uint32Array(MAX_KEYS)
    const count = keysOf(name, keys)
    let best = this.names.length
    let how = ''
    for (let each = 0; each < count; each++) {
      const bucket = keys[each]! & this.#mask
      for (let at = this.#starts[bucket]!; at < this.#starts[bucket + 1]!; at++) {
        const place = this.#places[at]!
        if (place >= best) continue
        const likeness = likenessOf(name, this.names[place]!)
        if (likeness === null) continue
        best = place
        how = likeness
      }
    }
    return best === this.names.length ? null : { of: this.names[best]!, how }
  }
}

/** The keys of all names behind each other, and where those of each end. */
function allKeysOf(names: readonly string[]): { readonly keys: Uint32Array; readonly ends: Uint32Array } {
  const most = names.reduce((sum, name) => sum + mostKeysOf(name), 0)
  const keys = new Uint32Array(most)
  const ends = new Uint32Array(names.length)
  let at = 0
  for (const [place, name] of names.entries()) {
    at += keysOf(name, keys.subarray(at))
    ends[place] = at
  }
  return { keys: keys.subarray(0, at), ends }
}

/** A letter of another script may be read as several. */
const mostKeysOf = (name: string): number =>
  Buffer.byteLength(name) === name.length ? Math.min(name.length + 2, MAX_KEYS) : MAX_KEYS

function startsOf(keys: Uint32Array, mask: number): Uint32Array {
  const starts = new Uint32Array(mask + 2)
  for (const key of keys) starts[(key & mask) + 1]!++
  for (let at = 1; at < starts.length; at++) starts[at]! += starts[at - 1]!
  return starts
}

/** A power of two, about half as many as there are keys: two places in a bucket are as good as one. */
function bucketsFor(keys: number): number {
  let buckets = 1_024
  while (buckets * 2 < keys) buckets *= 2
  return buckets
}
