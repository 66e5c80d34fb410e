import type { PeerId, PublisherId } from '../../protocol/index.ts'

/** How long a peer that did not bring the bytes it was said to have is asked last, ms: a mirror may be filling up. */
const ABSENT_MS = 10 * 60_000
/** Peers remembered: more than are asked in that time; the first are forgotten first. */
const MAX_ABSENT = 1_024

/** Peers that are said to hold a publisher's bytes, or say so themselves, and did not bring them when asked. */
export class AbsentHolders {
  /** Until when, ms since 1970. */
  readonly #until = new Map<string, number>()

  add(publisher: PublisherId, peer: PeerId, now: number): void {
    const key = `${publisher}/${peer}`
    this.#until.delete(key)
    this.#until.set(key, now + ABSENT_MS)
    for (const oldest of this.#until.keys()) {
      if (this.#until.size <= MAX_ABSENT) return
      this.#until.delete(oldest)
    }
  }

  has(publisher: PublisherId, peer: PeerId, now: number): boolean {
    return (this.#until.get(`${publisher}/${peer}`) ?? 0) > now
  }
}
