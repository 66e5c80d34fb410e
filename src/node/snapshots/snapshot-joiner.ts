import type { Clock, Joined } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { HOLD_BACK_MS, MIN_MISSING_PUBLISHERS, PEER_WAIT_MS, RETRY_MS } from './limits.ts'
import { SoughtPublishers } from './sought-publishers.ts'

export interface SnapshotJoinerParts {
  /** Takes in what a peer's snapshot has of these. */
  readonly join: (peer: PeerId, missing: ReadonlySet<PublisherId>, signal: AbortSignal) => Promise<Joined>
  /** Publishers of whom anything is held. */
  readonly held: () => ReadonlySet<PublisherId>
  /** Connected peers whose snapshots are taken, best first. */
  readonly peers: () => readonly PeerId[]
  /** Called when it is over: what was held back may be asked for now. */
  readonly onOver: () => void
  readonly clock: Clock
  readonly onFailed: (error: unknown) => void
}

/**
 * Brings in many publishers of whom nothing is held from a peer's snapshot, before their feeds are asked for: what came since then
 * comes from the feeds, and all of it if no peer has a snapshot.
 */
export class SnapshotJoiner implements AsyncDisposable {
  readonly #parts: SnapshotJoinerParts
  readonly #abort = new AbortController()
  readonly #sought = new SoughtPublishers()
  #joining: { readonly missing: ReadonlySet<PublisherId>; readonly over: Promise<void> } | null = null
  #triedAt = Number.NEGATIVE_INFINITY
  #cameOne = () => {}

  constructor(parts: SnapshotJoinerParts) {
    this.#parts = parts
  }

  /** Of the publishers that are followed those whose feeds may be asked for now. */
  ready(followed: readonly PublisherId[]): readonly PublisherId[] {
    const held = this.#parts.held()
    const lacking = followed.filter(publisher => !held.has(publisher))
    const missing = this.#sought.mayBeFound(lacking, this.#parts.clock.now())
    if (this.#joining === null && this.#mayTry(missing)) {
      const waiting = new Set(missing)
      this.#joining = { missing: waiting, over: this.#join(waiting).finally(() => this.#over()) }
    }
    const waiting = this.#joining?.missing
    return waiting === undefined ? followed : followed.filter(each => held.has(each) || !waiting.has(each))
  }

  peerCame(): void {
    this.#cameOne()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cameOne()
    await this.#joining?.over
  }

  #mayTry(missing: readonly PublisherId[]): boolean {
    const { clock } = this.#parts
    return missing.length >= MIN_MISSING_PUBLISHERS && clock.now() - this.#triedAt >= RETRY_MS
  }

  #over(): void {
    this.#joining = null
    this.#triedAt = this.#parts.clock.now()
    if (!this.#abort.signal.aborted) this.#parts.onOver()
  }

  /**
   * One peer after the other until no more are missing than come from their feeds as fast; a peer that comes within some seconds is
   * waited for. However slow they are, feeds do not wait for ever.
   */
  async #join(missing: ReadonlySet<PublisherId>): Promise<void> {
    const tooLong = new AbortController()
    const signal = AbortSignal.any([this.#abort.signal, tooLong.signal])
    const cancelTooLong = this.#parts.clock.after(HOLD_BACK_MS, () => {
      tooLong.abort(new Error('it took too long'))
      this.#cameOne()
    })
    const asked = new Set<PeerId>()
    let mayWait = true
    const cancel = this.#parts.clock.after(PEER_WAIT_MS, () => {
      mayWait = false
      this.#cameOne()
    })
    try {
      for (let left = missing; left.size >= MIN_MISSING_PUBLISHERS && !signal.aborted; ) {
        const { promise: came, resolve } = Promise.withResolvers<void>()
        this.#cameOne = resolve
        const peer = this.#parts.peers().find(each => !asked.has(each))
        if (peer === undefined && !mayWait) return
        if (peer === undefined) await came
        else {
          asked.add(peer)
          const { is, packs } = await this.#parts.join(peer, left, signal)
          left = left.difference(this.#parts.held())
          if (is === 'joined' && packs > 0) this.#sought.add(left, this.#parts.clock.now())
        }
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#parts.onFailed(error)
    } finally {
      cancel()
      cancelTooLong()
    }
  }
}
