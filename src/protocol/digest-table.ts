const KEY_BYTES = 32
const HALF_WORDS = KEY_BYTES / 2
const FIRST_KEYS = 16
/** How much longer the keys become when they are full. */
const GROWTH = 1.25
/** Of so many slots at most three are taken. */
const SLOTS_OF_THREE = 4
/** Odd and without pattern: the binary digits of the fractions of roots (FIPS 180-4 section 4.2.2). */
const FIXED_FACTORS = Uint32Array.of(
  ...[0x428a2f99, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a5, 0xab1c5ed5],
  ...[0xd807aa99, 0x12835b01, 0x243185bf, 0x550c7dc3, 0x72be5d75, 0x80deb1ff, 0x9bdc06a7, 0xc19bf175],
)

/**
 * Digests of 32 bytes, numbered in the order in which they came: about 44 bytes of memory each. Found by their whole length, never
 * by a part of it. `factors`, 16 odd numbers below 2^32 by chance, keep whoever can choose the digests from making all of them share
 * one slot; digests that were computed here need none.
 */
export class DigestTable {
  readonly #factors: Uint32Array
  #keys = new Uint8Array(FIRST_KEYS * KEY_BYTES)
  #halfWords = new Uint16Array(this.#keys.buffer)
  #words = new Uint32Array(this.#keys.buffer)
  /** Number + 1 of the digest in a slot; 0: free. A power of two of them. */
  #slots = new Uint32Array(FIRST_KEYS * 2)
  #size = 0

  constructor(factors: Uint32Array = FIXED_FACTORS) {
    this.#factors = factors
  }

  get size(): number {
    return this.#size
  }

  /** The number of a digest; null: it is not here. */
  find(digest: Uint8Array): number | null {
    this.#lay(digest, this.#size)
    const found = this.#slots[this.#slotOf(this.#size)]!
    return found === 0 ? null : found - 1
  }

  /** The number of a digest, which is `size` before the call when it is new. */
  add(digest: Uint8Array): number {
    this.#lay(digest, this.#size)
    const slot = this.#slotOf(this.#size)
    const found = this.#slots[slot]!
    if (found !== 0) return found - 1
    this.#size++
    this.#slots[slot] = this.#size
    if (this.#size * SLOTS_OF_THREE > this.#slots.length * 3) this.#widen()
    return this.#size - 1
  }

  /** A copy of the digest with a number. */
  at(index: number): Uint8Array {
    return this.#keys.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES)
  }

  /** Copies a digest behind those that are here: it is compared, and stays there if it is added. */
  #lay(digest: Uint8Array, at: number): void {
    if (digest.length !== KEY_BYTES) throw new TypeError('a digest has 32 bytes')
    if ((at + 1) * KEY_BYTES > this.#keys.length) this.#grow()
    this.#keys.set(digest, at * KEY_BYTES)
  }

  /** The slot of the digest that lies at a place, or the free one in which it belongs. */
  #slotOf(at: number): number {
    const mask = this.#slots.length - 1
    let slot = this.#hashOf(at) & mask
    for (;;) {
      const found = this.#slots[slot]!
      if (found === 0 || this.#isSame(found - 1, at)) return slot
      slot = (slot + 1) & mask
    }
  }

  #isSame(a: number, b: number): boolean {
    const words = this.#words
    for (let i = 0, x = a * 8, y = b * 8; i < 8; i++) if (words[x + i] !== words[y + i]) return false
    return true
  }

  #hashOf(at: number): number {
    let sum = 0
    for (let i = 0; i < HALF_WORDS; i++)
      sum = (sum + Math.imul(this.#factors[i]!, this.#halfWords[at * HALF_WORDS + i]!)) | 0
    return sum ^ (sum >>> 16)
  }

  #grow(): void {
    const keys = new Uint8Array(Math.ceil((this.#keys.length / KEY_BYTES) * GROWTH) * KEY_BYTES)
    keys.set(this.#keys)
    this.#keys = keys
    this.#halfWords = new Uint16Array(keys.buffer)
    this.#words = new Uint32Array(keys.buffer)
  }

  #widen(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let i = 0; i < this.#size; i++) this.#slots[this.#slotOf(i)] = i + 1
  }
}
