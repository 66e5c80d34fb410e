import { LATE_LEFT_MS, LATE_MS, LATE_TIMES } from './limits.ts'
import { MirrorSpeed } from './mirror-speed.ts'

/** What one peer is asked for now in answers of one leaf, and how fast it brings it. */
export class MirrorLoad {
  readonly #pace = new MirrorSpeed(null)
  readonly #onIdle: () => void
  #asks = 0
  #openBytes = 0

  /** `onIdle`: nothing is asked of it any more. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle
  }

  /** Bytes asked for that are not here yet. */
  get openBytes(): number {
    return this.#openBytes
  }

  get isIdle(): boolean {
    return this.#asks === 0
  }

  begins(bytes: number, now: number): void {
    this.#asks++
    this.#openBytes += bytes
    this.#pace.works(now)
  }

  /** So many bytes came, `due` of which were still asked for. */
  came(bytes: number, due: number, now: number): void {
    this.#pace.came(bytes, now)
    this.#openBytes -= due
  }

  ends(due: number): void {
    this.#asks--
    this.#openBytes -= due
    if (this.isIdle) this.#onIdle()
  }

  /** How long all that is open takes at the speed at which it comes now, ms. */
  leftMs(now: number): number {
    return this.#openBytes / this.paceAt(now)
  }

  /** bytes/ms. */
  paceAt(now: number): number {
    return this.#pace.valueAt(now)
  }
}

/** One question for a leaf, from when it is asked until it is over. */
export class OpenAsk {
  readonly #load: MirrorLoad
  readonly #askedMs: number
  readonly #lateMs: number
  readonly #onFirstByte: (ms: number) => void
  #due: number
  #isHeard = false

  /** `usualMs`: how long the peer takes to its first byte when it is asked for nothing else, or null. */
  constructor(
    load: MirrorLoad,
    { bytes, now, usualMs }: { readonly bytes: number; readonly now: number; readonly usualMs: number | null },
    onFirstByte: (ms: number) => void,
  ) {
    this.#load = load
    this.#askedMs = now
    this.#lateMs = Math.max(LATE_MS, LATE_TIMES * (usualMs ?? 0))
    // What is queued before it says nothing of the way.
    this.#onFirstByte = load.isIdle ? onFirstByte : () => {}
    this.#due = Math.max(1, bytes)
    load.begins(this.#due, now)
  }

  came(bytes: number, now: number): void {
    const due = Math.min(bytes, this.#due)
    this.#due -= due
    this.#load.came(bytes, due, now)
    if (!this.#isHeard) this.#onFirstByte(now - this.#askedMs)
    this.#isHeard = true
  }

  /**
   * Whether it takes longer than the peer's way and what it is asked for let one expect: it had the time of a slow first byte, and
   * what is open would not be here soon.
   */
  isLate(now: number): boolean {
    return now - this.#askedMs >= this.#lateMs && this.#load.leftMs(now) >= LATE_LEFT_MS
  }

  /** At which the peer brings what it is asked for, bytes/ms. */
  paceAt(now: number): number {
    return this.#load.paceAt(now)
  }

  over(): void {
    this.#load.ends(this.#due)
  }
}
