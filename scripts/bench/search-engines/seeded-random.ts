/** Random choices that are the same in every run (xorshift). */
export class SeededRandom {
  #state: number

  constructor(seed = 0x2545f491) {
    this.#state = seed
  }

  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values[this.below(Math.max(1, values.length))]
  }

  shuffled<T>(values: readonly T[]): T[] {
    const result = [...values]
    for (let last = result.length - 1; last > 0; last--) {
      const at = this.below(last + 1)
      ;[result[last], result[at]] = [result[at]!, result[last]!]
    }
    return result
  }
}
