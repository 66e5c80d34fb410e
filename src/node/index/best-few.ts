/** Keeps the best few of what it is offered, by a score: a binary heap with the worst on top. */
export class BestFew {
  readonly #most: number
  readonly #ids: Uint32Array
  readonly #scores: Float64Array
  #count = 0

  constructor(most: number) {
    this.#most = most
    this.#ids = new Uint32Array(most)
    this.#scores = new Float64Array(most)
  }

  /** What a score must exceed to be kept. */
  bar = Number.NEGATIVE_INFINITY

  /** Keeps an id whose score is above the bar. */
  add(id: number, score: number): void {
    if (this.#count < this.#most) this.#rise(this.#count++, id, score)
    else this.#sink(id, score)
    if (this.#count === this.#most) this.bar = this.#scores[0]!
  }

  /** What is kept, in ascending id. */
  ids(): Uint32Array {
    return this.#ids.slice(0, this.#count).sort()
  }

  /** Best first; equal scores in ascending id. */
  sorted(): { readonly id: number; readonly score: number }[] {
    const kept = Array.from({ length: this.#count }, (_, i) => ({ id: this.#ids[i]!, score: this.#scores[i]! }))
    return kept.sort((a, b) => b.score - a.score || a.id - b.id)
  }

  #rise(from: number, id: number, score: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#scores[parent]! <= score) break
      this.#put(at, this.#ids[parent]!, this.#scores[parent]!)
      at = parent
    }
    this.#put(at, id, score)
  }

  #sink(id: number, score: number): void {
    let at = 0
    for (let child = 1; child < this.#count; child = 2 * at + 1) {
      if (child + 1 < this.#count && this.#scores[child + 1]! < this.#scores[child]!) child++
      if (this.#scores[child]! >= score) break
      this.#put(at, this.#ids[child]!, this.#scores[child]!)
      at = child
    }
    this.#put(at, id, score)
  }

  #put(at: number, id: number, score: number): void {
    this.#ids[at] = id
    this.#scores[at] = score
  }
}
