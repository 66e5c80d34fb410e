/** Tells of an answer's bytes as they come, and at its end takes those back that did not become leaves. */
export class CountedAnswer {
  readonly #tell: (bytes: number) => void
  #looseBytes = 0

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell
  }

  came(bytes: number): void {
    this.#looseBytes += bytes
    this.#tell(bytes)
  }

  /** So many of them are a leaf that was verified and written. */
  isLeaf(bytes: number): void {
    this.#looseBytes -= bytes
  }

  end(): void {
    if (this.#looseBytes !== 0) this.#tell(-this.#looseBytes)
    this.#looseBytes = 0
  }
}
