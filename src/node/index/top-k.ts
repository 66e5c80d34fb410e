/** Keeps the `limit` best of what it is offered: a binary heap with the worst on top. */
export class TopK<T> {
  readonly #heap: T[] = []
  readonly #limit: number
  readonly #compare: (a: T, b: T) => number

  /** `compare` is negative when `a` is better than `b`. */
  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  offer(item: T): void {
    const heap = this.#heap
    if (heap.length < this.#limit) {
      heap.push(item)
      this.#rise(heap.length - 1)
    } else if (heap.length > 0 && this.#compare(item, heap[0]!) < 0) {
      heap[0] = item
      this.#sink()
    }
  }

  /** What was kept, best first. */
  sorted(): T[] {
    return [...this.#heap].sort(this.#compare)
  }

  #isWorse(a: number, b: number): boolean {
    return this.#compare(this.#heap[a]!, this.#heap[b]!) > 0
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = held
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#isWorse(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      if (left >= this.#heap.length) return
      const worse = left + 1 < this.#heap.length && this.#isWorse(left + 1, left) ? left + 1 : left
      if (!this.#isWorse(worse, at)) return
      this.#swap(at, worse)
      at = worse
    }
  }
}
