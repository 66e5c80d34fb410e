import { LOOK_EVERY_MS } from './limits.ts'

export interface BackgroundLookParts {
  readonly look: () => Promise<void>
  /** ms since 1970. */
  readonly now: () => number
  readonly onFault: (message: string, cause: unknown) => void
}

/** Looks that no caller waits for: one at a time, at most one a second unless the system reports a change. */
export class BackgroundLook implements Disposable {
  readonly #parts: BackgroundLookParts
  #lookedAt = Number.NEGATIVE_INFINITY
  #isLooking = false
  #isOver = false
  #toldFault: string | null = null

  constructor(parts: BackgroundLookParts) {
    this.#parts = parts
  }

  /** Looks unless somebody has within the last second. */
  ifDue(): void {
    if (this.#parts.now() - this.#lookedAt >= LOOK_EVERY_MS) this.start()
  }

  /** Somebody looks now. */
  done(): void {
    this.#lookedAt = this.#parts.now()
  }

  start(): void {
    if (this.#isLooking || this.#isOver) return
    this.#isLooking = true
    this.#parts
      .look()
      .catch(cause => this.#tell(cause))
      .finally(() => {
        this.#isLooking = false
      })
  }

  [Symbol.dispose](): void {
    this.#isOver = true
  }

  /** Once for each kind of fault: what fails is tried again every second. */
  #tell(cause: unknown): void {
    const fault = cause instanceof Error ? cause.message : String(cause)
    if (fault !== this.#toldFault) this.#parts.onFault('policy.yaml could not be taken over', cause)
    this.#toldFault = fault
  }
}
