/** A time-out that can be called off: `AbortSignal.timeout` joined with others stays in memory until it strikes. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException('not done in time', 'TimeoutError'))
    }, ms)
    this.#timer.unref()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
