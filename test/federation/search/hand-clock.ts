import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../src/federation/streams/clock.ts'

/** A clock that stands until it is told to go on. */
export class HandClock implements Clock {
  readonly #due = new Map<object, { readonly at: number; readonly action: () => void }>()
  #time = 0

  now(): number {
    return this.#time
  }

  after(ms: number, action: () => void): () => void {
    const key = {}
    this.#due.set(key, { at: this.#time + ms, action })
    return () => this.#due.delete(key)
  }

  /** Lets time pass and runs what is due by then. */
  pass(ms: number): void {
    this.#time += ms
    for (const [key, { at, action }] of this.#due) {
      if (at > this.#time) continue
      this.#due.delete(key)
      action()
    }
  }

  /** Goes to the next timer. */
  passToNext(): void {
    const next = Math.min(...[...this.#due.values()].map(({ at }) => at))
    this.pass(Math.max(0, next - this.#time))
  }

  /** Goes from one timer to the next, with all that follows from it, until there is none. */
  async run(): Promise<void> {
    await setImmediate()
    while (this.#due.size > 0) {
      this.passToNext()
      await setImmediate()
    }
  }

  get timers(): number {
    return this.#due.size
  }
}
