/** Gives what it was offered best first, one at a time: a binary heap, ordered only as far as it is asked. */
export class BestFirst<T> {
  readonly #heap: T[] = []
  readonly #compare: (a: T, b: T) => number

  /** `compare` is negative when `a` is better than `b`. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  /** Offers an item; all of them before the first is taken. */
  offer(item: T): void {
    this.#heap.push(item)
  }

  /** Takes the items away, best first. */
  *taken(): Generator<T> {
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at)
    for (;;) {
      const best = this.#heap[0]
      const last = this.#heap.pop()
      if (best === undefined || last === undefined) return
      if (this.#heap.length > 0) {
        this.#heap[0] = last
        this.#sink(0)
      }
      yield best
    }
  }

  #sink(from: number): void {
    const heap = this.#heap
    const item = heap[from]!
    let at = from
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#compare(heap[child + 1]!, heap[child]!) < 0) child++
      if (this.#compare(heap[child]!, item) >= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = item
  }
}
