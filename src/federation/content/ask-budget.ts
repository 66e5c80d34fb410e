import type { Clock } from '../streams/clock.ts'
import { MAX_FAILED_PROVIDERS, PROVIDER_FIRST_BYTE_MS, SEEK_MS } from './limits.ts'

/**
 * What asking in vain may cost one fetch: peers that failed, and waiting for peers. One that says at once that it has nothing is
 * no cost, so that any number of strangers may stand before the one that has it.
 */
export class AskBudget {
  readonly #clock: Clock
  #failures = 0
  #vainMs = 0
  #askedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A peer is asked now. */
  asking(): void {
    this.#askedAt = this.#clock.now()
  }

  /** It did not complete what was asked. A peer that trickles costs the others no more waiting than a silent one. */
  inVain(how: 'not-here' | 'failed'): void {
    this.#vainMs += Math.min(this.#clock.now() - this.#askedAt, PROVIDER_FIRST_BYTE_MS)
    if (how === 'failed') this.#failures++
  }

  get isSpent(): boolean {
    return this.#failures >= MAX_FAILED_PROVIDERS || this.#vainMs >= SEEK_MS
  }
}
