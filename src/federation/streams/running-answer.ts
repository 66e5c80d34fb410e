import { AnswerCredit } from './answer-credit.ts'
import type { Clock } from './clock.ts'

/** One answer under way: its credit, and the signal that tells its handler to stop, made once that is asked for. */
export class RunningAnswer {
  readonly credit: AnswerCredit
  #stop: AbortController | null = null
  #stopped: { readonly reason: unknown } | null = null

  constructor(windowBytes: number, clock: Clock) {
    this.credit = new AnswerCredit(windowBytes, clock)
  }

  get signal(): AbortSignal {
    this.#stop ??= new AbortController()
    if (this.#stopped !== null) this.#stop.abort(this.#stopped.reason)
    return this.#stop.signal
  }

  get isStopped(): boolean {
    return this.#stopped !== null
  }

  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.credit.stop(reason)
    this.#stop?.abort(reason)
  }

  throwIfStopped(): void {
    if (this.#stopped !== null) throw this.#stopped.reason
  }
}
