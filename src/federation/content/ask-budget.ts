import type { Clock } from '../streams/clock.ts'
import {
  HURRIED_FIRST_BYTE_MS,
  MAX_FAILED_PROVIDERS,
  PATIENT_SEEK_MS,
  PROVIDER_FIRST_BYTE_MS,
  SEEK_MS,
} from './limits.ts'

/**
 * What asking in vain may cost one fetch: waiting for peers, and peers that failed. One that says at once that it has nothing is
 * no cost, and the longer the search, the less time a peer gets: however many strangers stand before the one that has it, it is
 * asked once.
 */
export class AskBudget {
  readonly #clock: Clock
  #failures = 0
  #vainMs = 0
  #askedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A peer is asked now: how long it may take to its first byte, ms. */
  asking(): number {
    this.#askedAt = this.#clock.now()
    return this.#patienceMs
  }

  /** It did not complete what was asked, lately or at `askedAtMs`. A peer that trickles costs the others no more waiting than a silent one. */
  inVain(how: 'not-here' | 'failed', askedAtMs = this.#askedAt): void {
    this.#vainMs += Math.min(this.#clock.now() - askedAtMs, this.#patienceMs)
    if (how === 'failed') this.#failures++
  }

  get isSpent(): boolean {
    return this.#failures >= MAX_FAILED_PROVIDERS || this.#vainMs >= SEEK_MS
  }

  get #patienceMs(): number {
    return this.#vainMs < PATIENT_SEEK_MS ? PROVIDER_FIRST_BYTE_MS : HURRIED_FIRST_BYTE_MS
  }
}
