import type { PeerId } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { ArtifactDownload } from './artifact-download.ts'
import type { AskBudget } from './ask-budget.ts'
import type { FetchPorts, Tried } from './fetch-artifact.ts'

/** What fetching an artifact runs on, as one leaf or split. */
export interface FetchParts {
  readonly ports: FetchPorts
  readonly clock: Clock
  readonly download: ArtifactDownload
  readonly providers: AsyncIterator<PeerId> | Iterator<PeerId>
  readonly budget: AskBudget
  readonly signal: AbortSignal
  /** What a peer that did not bring what it was asked for failed with. */
  readonly onTried: (tried: Tried) => void
}

/** The requests of one fetch that are under way, and the loop that decides on more whenever one of them ended. */
export class FetchWork {
  readonly #parts: FetchParts
  readonly #running = new Set<Promise<void>>()
  readonly #ended = Promise.withResolvers<null>()
  #failure: { readonly error: unknown } | null = null
  #isEnded = false
  #wake = () => {}

  constructor(parts: FetchParts) {
    this.#parts = parts
  }

  /**
   * Takes a step now, whenever work ended or `wake` was called, and when the ms have passed that the last step told (Infinity: only
   * when woken), until one tells null. Throws the signal's reason and what work failed with.
   */
  async run(step: () => number | null): Promise<void> {
    const { clock, signal } = this.#parts
    const onAbort = () => this.#fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure.error
        const { promise: woken, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        const againMs = step()
        if (againMs === null) return
        const cancelTimer = againMs === Number.POSITIVE_INFINITY ? () => {} : clock.after(againMs, resolve)
        await woken.finally(cancelTimer)
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Nothing begins after the end. The fetch fails with what the work fails with. */
  begin(work: () => Promise<void>): void {
    if (this.#isEnded) return
    const running = work()
      .catch(error => this.#fail(error))
      .finally(() => {
        this.#running.delete(running)
        this.#wake()
      })
    this.#running.add(running)
  }

  wake(): void {
    this.#wake()
  }

  /** null when nobody is left to ask. Finding one may take long: the end does not wait for it. */
  async nextProvider(): Promise<PeerId | null> {
    const coming = Promise.resolve(this.#parts.providers.next())
    coming.catch(() => {}) // of which nobody hears any more
    const next = await Promise.race([coming, this.#ended.promise])
    return next === null || next.done ? null : next.value
  }

  /** Resolves when no work is under way, which the caller has cancelled. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#ended.resolve(null)
    await Promise.all(this.#running)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }
}
