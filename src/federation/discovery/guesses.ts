import { TokenBucket } from '../streams/token-bucket.ts'
import { GUESSES } from './limits.ts'

/** How many dials may go to peers that this node knows by hearsay alone. */
export class Guesses {
  #bucket: TokenBucket | null = null

  areLeft(now: number): boolean {
    return this.#waitMs(now) === 0
  }

  /** False: not so soon again. */
  take(now: number): boolean {
    if (!this.areLeft(now)) return false
    this.#bucket?.charge(1, now)
    return true
  }

  #waitMs(now: number): number {
    this.#bucket ??= new TokenBucket(GUESSES, now)
    return this.#bucket.waitMsOf(1, now)
  }
}
