import { FAULTS_TO_REST, FIRST_REST_MS, LONGEST_REST_MS } from './limits.ts'

/** How a request failed: nothing was reached, or what was reached is at fault. */
export type Failure = 'unreachable' | 'fault'

/** Whether a host may be asked: yes, or not before `restMs` have passed. */
export type Admission = { readonly may: true } | { readonly may: false; readonly restMs: number }

/**
 * Back-off for one host. A host that cannot be reached, or fails several times in a row, rests: for a second at first, then
 * twice as long each time up to a minute, shortened by up to half at random so that nodes do not return together. After a
 * rest one request probes; the others are still refused until it has its answer.
 */
export class Circuit {
  readonly #random: () => number
  #faults = 0
  #rests = 0
  /** 0: closed, everything may pass. */
  #restsUntil = 0
  #probing = false

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Whether a request would be refused. */
  isResting(now: number): boolean {
    return this.#restsUntil !== 0 && (now < this.#restsUntil || this.#probing)
  }

  /** Asks for one request; whoever is let through must report how it ended. */
  admit(now: number): Admission {
    if (this.isResting(now)) return { may: false, restMs: Math.max(0, this.#restsUntil - now) }
    this.#probing = this.#restsUntil !== 0
    return { may: true }
  }

  /** An answer has begun: others may ask again, but only a whole one shows that the host is well. */
  answered(): void {
    this.#restsUntil = 0
    this.#probing = false
  }

  /** An answer arrived whole. */
  completed(): void {
    this.answered()
    this.#faults = 0
    this.#rests = 0
  }

  /** `retryAfterMs`: what the host itself asked for, if it did. */
  failed(failure: Failure, now: number, retryAfterMs: number | null = null): void {
    const isResting = this.#restsUntil !== 0 && !this.#probing
    this.#probing = false
    if (isResting) return
    this.#faults++
    const wasResting = this.#restsUntil !== 0
    if (wasResting || failure === 'unreachable' || retryAfterMs !== null || this.#faults >= FAULTS_TO_REST) {
      this.#rest(now, retryAfterMs)
    }
  }

  /** The asker lost interest: nothing was learnt. */
  abandoned(): void {
    this.#probing = false
  }

  #rest(now: number, retryAfterMs: number | null): void {
    const planned = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(this.#rests, 10))
    const jittered = planned * (1 - this.#random() / 2)
    this.#restsUntil = now + Math.min(LONGEST_REST_MS, Math.max(jittered, retryAfterMs ?? 0))
    this.#rests++
  }
}
