import type { Clock } from './clock.ts'
import { SPEED_WINDOW_MS } from './limits.ts'

/**
 * Measures an answer's speed over the time somebody waited for it, so that a slow reader never makes a peer look
 * slow. Calls `onSlow` once when a window of waiting brought less than the least speed.
 */
export class AnswerSpeed {
  readonly #clock: Clock
  readonly #minBytesPerSecond: number
  readonly #onSlow: () => void
  #bytes = 0
  #waitedMs = 0
  #waitingSinceMs: number | null = null
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, minBytesPerSecond: number, onSlow: () => void) {
    this.#clock = clock
    this.#minBytesPerSecond = minBytesPerSecond
    this.#onSlow = onSlow
  }

  /** Somebody waits for the next message from now on. */
  startWait(): void {
    if (this.#minBytesPerSecond === 0 || this.#waitingSinceMs !== null) return
    this.#waitingSinceMs = this.#clock.now()
    this.#cancelTimer = this.#clock.after(Math.max(1, SPEED_WINDOW_MS - this.#waitedMs), () => this.#judge())
  }

  /** So much of what is waited for came. */
  arrived(bytes: number): void {
    this.#bytes += bytes
  }

  /** The wait is over: a message is here whole, or the answer ended. */
  endWait(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#waitingSinceMs === null) return
    this.#waitedMs += this.#clock.now() - this.#waitingSinceMs
    this.#waitingSinceMs = null
    if (this.#waitedMs >= SPEED_WINDOW_MS) this.#judge()
  }

  #judge(): void {
    const waits = this.#waitingSinceMs !== null
    if (waits) this.#stopWait()
    if (this.#bytes * 1000 < this.#minBytesPerSecond * this.#waitedMs) {
      this.#onSlow()
      return
    }
    this.#bytes = 0
    this.#waitedMs = 0
    if (waits) this.startWait()
  }

  #stopWait(): void {
    this.#waitedMs += this.#clock.now() - (this.#waitingSinceMs ?? this.#clock.now())
    this.#waitingSinceMs = null
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
