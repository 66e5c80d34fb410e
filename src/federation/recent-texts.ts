import { hash, randomUUID } from 'node:crypto'

const KEY_WORDS = 4
/** A slot has 16 bits for a place and what stands for none. */
const MAX_CAPACITY = 2 ** 16 - 1

/**
 * The last `capacity` texts that were new, at most 65,535, in memory of a fixed size that is taken at once: 20 to 24 bytes for each. Of
 * a text 16 bytes are kept, of its sha-256 behind `seed`. Nobody knows that, so whoever can choose texts can neither make two of them
 * count as one nor make them share a slot. Adding, finding and forgetting take a few steps each.
 */
export class RecentTexts {
  readonly #capacity: number
  readonly #seed: string
  /** A ring: the oldest is overwritten. */
  readonly #keys: Uint32Array
  /** Place + 1 of the key in a slot; 0: free. A power of two of them, at most half of them taken. */
  readonly #slots: Uint16Array
  /** Of the text that was asked about last: who asks mostly asks again, or adds it. */
  readonly #asked = new Uint32Array(KEY_WORDS)
  #askedText: string | null = null
  #size = 0
  #next = 0

  /** @param seed unguessable, kept to this process */
  constructor(capacity: number, seed: string = randomUUID()) {
    if (capacity > MAX_CAPACITY) throw new TypeError(`at most ${MAX_CAPACITY} texts are remembered`)
    this.#capacity = capacity
    this.#seed = seed
    this.#keys = new Uint32Array(capacity * KEY_WORDS)
    this.#slots = new Uint16Array(2 ** Math.ceil(Math.log2(2 * capacity)))
  }

  get size(): number {
    return this.#size
  }

  has(text: string): boolean {
    this.#ask(text)
    return this.#slots[this.#slotOfAsked()] !== 0
  }

  /** Remembers a text; one that is remembered already stays as old as it is. */
  add(text: string): void {
    if (this.has(text)) return
    if (this.#size === this.#capacity) this.#forget(this.#next)
    this.#slots[this.#slotOfAsked()] = this.#next + 1
    this.#keys.set(this.#asked, this.#next * KEY_WORDS)
    this.#next = (this.#next + 1) % this.#capacity
    this.#size++
  }

  clear(): void {
    this.#slots.fill(0)
    this.#size = 0
    this.#next = 0
  }

  #ask(text: string): void {
    if (text === this.#askedText) return
    this.#askedText = text
    const digest = hash('sha256', this.#seed + text, 'buffer')
    for (let i = 0; i < KEY_WORDS; i++) this.#asked[i] = digest.readUInt32LE(i * 4)
  }

  /** The slot of the text that was asked about, or the free one in which it belongs. */
  #slotOfAsked(): number {
    const mask = this.#slots.length - 1
    for (let slot = this.#asked[0]! & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!
      if (found === 0 || this.#isAsked(found - 1)) return slot
    }
  }

  #isAsked(place: number): boolean {
    for (let i = 0; i < KEY_WORDS; i++) if (this.#keys[place * KEY_WORDS + i] !== this.#asked[i]) return false
    return true
  }

  /** Where a key would lie if it were alone. */
  #homeOf(place: number): number {
    return this.#keys[place * KEY_WORDS]! & (this.#slots.length - 1)
  }

  /** Frees the slot of a key; those behind it that would not be found any more move up. */
  #forget(place: number): void {
    const mask = this.#slots.length - 1
    let free = this.#homeOf(place)
    while (this.#slots[free] !== place + 1) free = (free + 1) & mask
    for (let at = (free + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const isBehind = ((at - this.#homeOf(this.#slots[at]! - 1)) & mask) >= ((at - free) & mask)
      if (!isBehind) continue
      this.#slots[free] = this.#slots[at]!
      free = at
    }
    this.#slots[free] = 0
    this.#size--
  }
}
