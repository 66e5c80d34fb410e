/** Longest word, in bytes, whose positions fit in the bits of one number. */
const MAX_BITS = 32

/**
 * Optimal string alignment distance to one word: insert, delete, replace and swap of neighbours cost 1. Bit-parallel (H. Hyyrö, "A
 * bit-vector algorithm for computing Levenshtein and Damerau edit distances", 2003); row by row for words above 32 bytes.
 */
export class EditDistance {
  /** Length of the word, bytes. */
  readonly length: number
  readonly #word: Uint8Array
  /** Per byte, the positions of the word where it stands. */
  readonly #positions = new Int32Array(256)

  constructor(word: Uint8Array) {
    this.#word = word
    this.length = word.length
    if (word.length <= MAX_BITS) for (let i = 0; i < word.length; i++) this.#positions[word[i]!]! |= 1 << i
  }

  /** Edits between the word and `bytes[from, to)`. */
  to(bytes: Uint8Array, from = 0, end = bytes.length): number {
    if (this.length === 0) return end - from
    return this.length <= MAX_BITS ? this.#byBits(bytes, from, end) : this.#byRows(bytes.subarray(from, end))
  }

  #byBits(bytes: Uint8Array, from: number, end: number): number {
    const positions = this.#positions
    const last = 1 << (this.length - 1)
    let [up, down, diagonal, before, distance] = [-1, 0, 0, 0, this.length]
    for (let i = from; i < end; i++) {
      const here = positions[bytes[i]!]!
      const swapped = ((~diagonal & here) << 1) & before
      diagonal = ((((here & up) + up) | 0) ^ up) | here | down | swapped
      let plus = down | ~(diagonal | up)
      const minus = diagonal & up
      if ((plus & last) !== 0) distance++
      else if ((minus & last) !== 0) distance--
      plus = (plus << 1) | 1
      up = (minus << 1) | ~(diagonal | plus)
      down = plus & diagonal
      before = here
    }
    return distance
  }

  #byRows(other: Uint8Array): number {
    const word = this.#word
    const width = other.length + 1
    let before = new Uint16Array(width)
    let previous = Uint16Array.from({ length: width }, (_, j) => j)
    let current = new Uint16Array(width)
    for (let i = 1; i <= word.length; i++) {
      current[0] = i
      for (let j = 1; j < width; j++) {
        const replaced = previous[j - 1]! + (word[i - 1] === other[j - 1] ? 0 : 1)
        let cost = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1)
        const isSwap = i > 1 && j > 1 && word[i - 1] === other[j - 2] && word[i - 2] === other[j - 1]
        if (isSwap) cost = Math.min(cost, before[j - 2]! + 1)
        current[j] = cost
      }
      ;[before, previous, current] = [previous, current, before]
    }
    return previous[other.length]!
  }
}

/** One bit per letter class of a term; each edit changes at most two bits, so it rules most terms out cheaply. */
export function letterMaskOf(term: Uint8Array, from = 0, end = term.length): number {
  let mask = 0
  for (let i = from; i < end; i++) mask |= 1 << (term[i]! & 31)
  return mask
}

/** Whether two terms with these masks may be within `limit` edits. */
export function mayBeWithin(a: number, b: number, limit: number): boolean {
  let bits = a ^ b
  bits -= (bits >>> 1) & 0x55555555
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24 <= 2 * limit
}
