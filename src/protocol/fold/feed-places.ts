import { shortNumbers } from '../numbers.ts'

/** Places of a feed far above what is held of it are kept one by one: a made-up sequence number takes no room for those below it. */
const FAR = 64

/** Which records are held for each place of one feed; two for one place are a fork. Records are numbers. */
export class FeedPlaces {
  /** By sequence number, from 1: the first record that came for it, + 1. */
  readonly #first = shortNumbers()
  /** What came later for a place, and for far ones. */
  readonly #others = new Map<number, number[]>()
  #held = 0

  get held(): number {
    return this.#held
  }

  put(seq: number, record: number): void {
    this.#held++
    if (seq < 2 * this.#held + FAR && this.#first.at(seq) === 0) {
      this.#first.set(seq, record + 1)
      return
    }
    const others = this.#others.get(seq)
    if (others === undefined) this.#others.set(seq, [record])
    else others.push(record)
  }

  /** The one record held for a place; null: none; 'fork': several. */
  sole(seq: number): number | 'fork' | null {
    const first = this.#first.at(seq)
    const others = this.#others.size === 0 ? undefined : this.#others.get(seq)
    if (others === undefined) return first === 0 ? null : first - 1
    if (first === 0 && others.length === 1) return others[0]!
    return 'fork'
  }
}
