import { FederationError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { STALL_MS } from './limits.ts'

/** The credit of one answer at the answering side: spending waits until enough was granted. */
export class AnswerCredit {
  /** The most that may ever be outstanding: the request's first credit, bytes. */
  readonly windowBytes: number
  readonly #clock: Clock
  #leftBytes: number
  /** What the spender that waits needs. */
  #neededBytes = 0
  #stopped: { readonly reason: unknown } | null = null
  #wake: (() => void) | null = null

  constructor(windowBytes: number, clock: Clock) {
    this.windowBytes = windowBytes
    this.#leftBytes = windowBytes
    this.#clock = clock
  }

  /** Nothing is spent from now on: who waits, and who asks later, gets the reason thrown. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.#wake?.()
  }

  /** Adds what the peer granted; false when more would be outstanding than the window. */
  grant(bytes: number): boolean {
    if (this.#leftBytes + bytes > this.windowBytes) return false
    this.#leftBytes += bytes
    if (this.#leftBytes >= this.#neededBytes) this.#wake?.()
    return true
  }

  /** Takes `bytes` of credit; false when so much is not there yet. Throws `E_TOO_LARGE` or what it was stopped with. */
  spendNow(bytes: number): boolean {
    if (bytes > this.windowBytes) {
      throw new FederationError('E_TOO_LARGE', `message of ${bytes} bytes, credit is at most ${this.windowBytes}`)
    }
    if (this.#stopped !== null) throw this.#stopped.reason
    if (this.#leftBytes < bytes) return false
    this.#leftBytes -= bytes
    return true
  }

  /** The same, waiting for it; throws `E_STALLED` too. */
  async spend(bytes: number): Promise<void> {
    while (!this.spendNow(bytes)) await this.#granted(bytes)
  }

  /** Enough in all: grants of a byte now and then are no reading. */
  async #granted(bytes: number): Promise<void> {
    this.#neededBytes = bytes
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#wake = resolve
    const cancelTimer = this.#clock.after(STALL_MS, () =>
      reject(new FederationError('E_STALLED', `not enough credit within ${STALL_MS} ms`)),
    )
    try {
      await promise
    } finally {
      cancelTimer()
      this.#wake = null
    }
  }
}
