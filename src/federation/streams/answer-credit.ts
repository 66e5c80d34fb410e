import { FederationError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { STALL_MS } from './limits.ts'

/** The credit of one answer at the answering side: spending waits until enough was granted. */
export class AnswerCredit {
  /** The most that may ever be outstanding: the request's first credit, bytes. */
  readonly windowBytes: number
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #leftBytes: number
  #wake: (() => void) | null = null

  constructor(windowBytes: number, clock: Clock, signal: AbortSignal) {
    this.windowBytes = windowBytes
    this.#leftBytes = windowBytes
    this.#clock = clock
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  /** Adds what the peer granted; false when more would be outstanding than the window. */
  grant(bytes: number): boolean {
    if (this.#leftBytes + bytes > this.windowBytes) return false
    this.#leftBytes += bytes
    this.#wake?.()
    return true
  }

  /** Takes `bytes` of credit, waiting for it; throws `E_TOO_LARGE`, `E_STALLED` or the signal's reason. */
  async spend(bytes: number): Promise<void> {
    if (bytes > this.windowBytes) {
      throw new FederationError('E_TOO_LARGE', `message of ${bytes} bytes, credit is at most ${this.windowBytes}`)
    }
    this.#signal.throwIfAborted()
    while (this.#leftBytes < bytes) await this.#grantArrives()
    this.#leftBytes -= bytes
  }

  async #grantArrives(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#wake = resolve
    const cancelTimer = this.#clock.after(STALL_MS, () =>
      reject(new FederationError('E_STALLED', `no credit within ${STALL_MS} ms`)),
    )
    try {
      await promise
    } finally {
      cancelTimer()
      this.#wake = null
    }
    this.#signal.throwIfAborted()
  }
}
