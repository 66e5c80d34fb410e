import type { PackageState } from '../../../protocol/index.ts'
import { abortable } from '../../abortable.ts'
import { BoundedMap } from '../../upstream/bounded-map.ts'
import type { NpmPackument } from './npm-source.ts'

/** Bytes of the manifests behind the packuments that are kept; parsed, they take about four times as much. */
const MAX_KEPT_BYTES = 8 * 2 ** 20
/** What an entry weighs beside its manifests; bounds their number. */
const ENTRY_BYTES = 1_024

/** A packument made of signed releases. */
export interface MadePackument {
  readonly packument: NpmPackument
  /** Bytes of the manifests it was made of. */
  readonly bytes: number
  /** Whether the manifest of every release was to be had; else it is made again when next asked for. */
  readonly isWhole: boolean
}

interface Making {
  readonly work: Promise<MadePackument>
  readonly stop: AbortController
  askers: number
}

/**
 * Packuments by the state they were made of: a change of the catalogue makes another state. One is made once, however many ask
 * at once, until the last of them has left; those used longest ago are let go of.
 */
export class MadePackuments {
  readonly #kept: BoundedMap<PackageState, MadePackument>
  readonly #making = new Map<PackageState, Making>()

  constructor(maxBytes = MAX_KEPT_BYTES) {
    this.#kept = new BoundedMap(maxBytes, ({ bytes }) => bytes + ENTRY_BYTES)
  }

  /** `make` gets a signal of its own, aborted when nobody waits any more. @throws what `make` throws, the signal's reason */
  async get(
    state: PackageState,
    make: (signal: AbortSignal) => Promise<MadePackument>,
    signal: AbortSignal,
  ): Promise<NpmPackument> {
    const kept = this.#kept.get(state)
    if (kept !== undefined) return kept.packument
    signal.throwIfAborted()
    const making = this.#making.get(state) ?? this.#start(state, make)
    making.askers++
    try {
      return (await abortable(making.work, signal)).packument
    } finally {
      making.askers--
      if (making.askers === 0) this.#leave(state, making)
    }
  }

  #start(state: PackageState, make: (signal: AbortSignal) => Promise<MadePackument>): Making {
    const stop = new AbortController()
    const making = { work: this.#make(state, make, stop.signal), stop, askers: 0 }
    this.#making.set(state, making)
    // Whoever waits hears of it; when all have left, nobody does.
    making.work.catch(() => {})
    return making
  }

  async #make(state: PackageState, make: (signal: AbortSignal) => Promise<MadePackument>, signal: AbortSignal) {
    const made = await make(signal)
    if (made.isWhole && !signal.aborted) this.#kept.set(state, made)
    return made
  }

  #leave(state: PackageState, making: Making): void {
    if (this.#making.get(state) === making) this.#making.delete(state)
    making.stop.abort(new Error('nobody waits for this packument any more'))
  }
}
