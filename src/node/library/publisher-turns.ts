import type { Clock } from '../../federation/index.ts'
import type { PublisherId } from '../../protocol/index.ts'

/** Publishers that may have something to do now, in the order of their turns, and when others have: whoever has nothing costs nothing. */
export class PublisherTurns implements Disposable {
  readonly #clock: Clock
  readonly #onDue: () => void
  readonly #ready = new Set<PublisherId>()
  /** Monotonic ms. */
  readonly #dueAt = new Map<PublisherId, number>()
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelWake = () => {}

  /** `onDue` is called when some that were late are ready. */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** It may have something now, after those that are ready already. */
  add(publisher: PublisherId): void {
    this.#dueAt.delete(publisher)
    this.#ready.add(publisher)
  }

  /** It has nothing before `dueAt`, monotonic ms; infinite: not until it is added. */
  late(publisher: PublisherId, dueAt: number): void {
    if (dueAt === Number.POSITIVE_INFINITY) return
    this.#dueAt.set(publisher, dueAt)
    if (dueAt < this.#wakeAt) this.#wakeBy(dueAt)
  }

  /** Whose turn it is, which is over with that; null: nobody's. */
  take(): PublisherId | null {
    const [publisher] = this.#ready
    if (publisher === undefined) return null
    this.#ready.delete(publisher)
    return publisher
  }

  [Symbol.dispose](): void {
    this.#cancelWake()
  }

  #wakeBy(at: number): void {
    this.#cancelWake()
    this.#wakeAt = at
    if (at === Number.POSITIVE_INFINITY) return
    this.#cancelWake = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#wake())
  }

  #wake(): void {
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const [publisher, at] of this.#dueAt) {
      if (at <= now) this.add(publisher)
      else next = Math.min(next, at)
    }
    this.#wakeBy(next)
    this.#onDue()
  }
}
