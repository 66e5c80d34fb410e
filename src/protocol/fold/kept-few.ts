interface Kept<V> {
  readonly value: V
  readonly weight: number
  /** The turn in which it was used last. */
  turn: number
}

/**
 * The values used last: as many as weigh no more than a bound together, of so many turns. The one used last stays whatever it weighs.
 * Many are kept while much is done at once, few while little is: what each turn uses is let go some turns later.
 */
export class KeptFew<K, V> {
  readonly #mostWeight: number
  readonly #turns: number
  readonly #kept = new Map<K, Kept<V>>()
  #weight = 0
  #turn = 0

  constructor(mostWeight: number, turns: number) {
    this.#mostWeight = mostWeight
    this.#turns = turns
  }

  /** Begins another turn. */
  next(): void {
    this.#turn++
    for (const [oldest, { turn }] of this.#kept) {
      if (turn + this.#turns >= this.#turn) break
      this.delete(oldest)
    }
  }

  clear(): void {
    this.#kept.clear()
    this.#weight = 0
  }

  get(key: K): V | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    kept.turn = this.#turn
    return kept.value
  }

  set(key: K, value: V, weight: number): void {
    this.delete(key)
    this.#kept.set(key, { value, weight, turn: this.#turn })
    this.#weight += weight
    for (const [oldest] of this.#kept) {
      if (this.#weight <= this.#mostWeight || oldest === key) break
      this.delete(oldest)
    }
  }

  delete(key: K): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#weight -= kept.weight
  }
}
