import type { Clock } from '../../federation/index.ts'
import { type CopyBook, type CopyNews, ROUND_MS, SETTLE_MS } from './copy-book.ts'

/** Time between two looks at all copies wanted in number, ms, spread by ± 20 %. */
const LOOK_EVERY_MS = 10 * 60_000
/** Between news of holders and a look, ms: many come together, and a look reads every artifact. */
const STALE_MS = 10_000
/** Rest after a look, ms a package it looks at: one takes .4 to 1 ms of the processor, and others' news never end. */
const REST_MS_A_PACKAGE = 4
/** Between the first change of what is kept and its signature, ms: one record for what comes together. */
const SIGN_MS = 10_000

export interface CopyRoundsParts {
  readonly book: Pick<CopyBook, 'onNews'>
  /** Looks at every artifact of publishers of whom a number of copies is wanted; tells of how many packages. */
  readonly look: () => number
  /** Signs what is kept. */
  readonly sign: () => void
  readonly clock: Clock
  /** 0 to below 1. */
  readonly random: () => number
}

/** Looks at copies from time to time, soon after news of holders, and each round while some are missing. */
export class CopyRounds implements Disposable {
  readonly #parts: CopyRoundsParts
  readonly #stop: () => void
  /** When the next look is; monotonic ms. */
  #lookAt = Number.POSITIVE_INFINITY
  /** Until when news wait; monotonic ms. */
  #restUntil = 0
  #cancelLook = () => {}
  #cancelSign: (() => void) | null = null

  constructor(parts: CopyRoundsParts) {
    this.#parts = parts
    this.#lookWithin(this.#spread(LOOK_EVERY_MS))
    this.#stop = parts.book.onNews(news => {
      if (news === 'due') this.#signSoon()
      else this.#lookWithin(Math.max(this.#delayAfter(news), this.#restUntil - parts.clock.now()))
    })
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.#cancelLook()
    this.#cancelSign?.()
  }

  #delayAfter(news: Exclude<CopyNews, 'due'>): number {
    if (news === 'stale') return STALE_MS
    return news === 'settling' ? SETTLE_MS : this.#spread(ROUND_MS)
  }

  #spread(ms: number): number {
    return ms * (0.8 + 0.4 * this.#parts.random())
  }

  /** What is due earlier stays so. */
  #lookWithin(ms: number): void {
    const { clock, look } = this.#parts
    const at = clock.now() + ms
    if (this.#lookAt <= at) return
    this.#cancelLook()
    this.#lookAt = at
    this.#cancelLook = clock.after(ms, () => {
      this.#lookAt = Number.POSITIVE_INFINITY
      this.#lookWithin(this.#spread(LOOK_EVERY_MS))
      this.#restUntil = clock.now() + look() * REST_MS_A_PACKAGE
    })
  }

  #signSoon(): void {
    this.#cancelSign ??= this.#parts.clock.after(SIGN_MS, () => {
      this.#cancelSign = null
      this.#parts.sign()
    })
  }
}
