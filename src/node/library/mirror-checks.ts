import type { Clock, SpotCheck } from '../../federation/index.ts'
import type { Artifact, PeerId, PublisherId } from '../../protocol/index.ts'
import { unlessDamaged } from './stored-bodies.ts'

/** Time between two spot checks, ms, spread by ± 20 %: at most 2 MiB each, so 0.6 GB a day. */
const CHECK_EVERY_MS = 5 * 60_000

/** A peer that is said to hold an artifact. */
export interface Checkable {
  readonly publisher: PublisherId
  readonly peer: PeerId
  readonly artifact: Artifact
}

export interface MirrorChecksParts {
  /** One connected peer that is signed to hold an artifact of a publisher this node depends on, by chance; null: there is none. */
  readonly pick: () => Checkable | null
  readonly check: (checkable: Checkable, signal: AbortSignal) => Promise<SpotCheck>
  readonly onChecked: (checkable: Checkable, outcome: SpotCheck) => void
  readonly clock: Clock
  /** 0 to below 1. */
  readonly random: () => number
}

/** Looks, one after the other and for ever, whether mirrors still hold what they are signed to hold. */
export class MirrorChecks implements AsyncDisposable {
  readonly #parts: MirrorChecksParts
  readonly #abort = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #cancelWake = () => {}

  constructor(parts: MirrorChecksParts) {
    this.#parts = parts
    this.#wait()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cancelWake()
    await this.#running
  }

  #wait(): void {
    const { clock, random } = this.#parts
    this.#cancelWake = clock.after(CHECK_EVERY_MS * (0.8 + 0.4 * random()), () => {
      this.#running = this.#checkOne().finally(() => {
        if (!this.#abort.signal.aborted) this.#wait()
      })
    })
  }

  async #checkOne(): Promise<void> {
    const { pick, check, onChecked } = this.#parts
    const picked = unlessDamaged(pick)
    if (picked === null) return
    try {
      onChecked(picked, await check(picked, this.#abort.signal))
    } catch {
      // This node closes: nothing was found out.
    }
  }
}
