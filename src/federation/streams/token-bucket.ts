/** A flow that is bounded over any time: at most `burst` and `perSecond` for each second of it. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/**
 * One flow's tokens; starts full. A charge is always taken and answered with the time until it is paid for, so that
 * whoever waits that long keeps the rate, and charges are served in the order they were made.
 */
export class TokenBucket {
  readonly #rate: Rate
  /** Below zero: what is still to be paid by those that wait. */
  #left: number
  #atMs: number

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate
    this.#left = rate.burst
    this.#atMs = nowMs
  }

  /** How long a charge of `cost` would have to wait now, ms. */
  waitMsOf(cost: number, nowMs: number): number {
    const owed = cost - this.#leftAt(nowMs)
    return owed <= 0 ? 0 : (owed / this.#rate.perSecond) * 1000
  }

  /** Takes `cost`; the time to wait for it, ms. */
  charge(cost: number, nowMs: number): number {
    const waitMs = this.waitMsOf(cost, nowMs)
    this.#left = this.#leftAt(nowMs) - cost
    this.#atMs = nowMs
    return waitMs
  }

  /** Whether the bucket is as good as a new one. */
  isFull(nowMs: number): boolean {
    return this.#leftAt(nowMs) >= this.#rate.burst
  }

  #leftAt(nowMs: number): number {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#rate.perSecond
    return Math.min(this.#rate.burst, this.#left + earned)
  }
}
