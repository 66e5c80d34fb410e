import type { Clock, PeerAddress } from '../../../federation/index.ts'
import type { PeerId } from '../../../protocol/index.ts'
import { FIRST_RETRY_MS, LAST_RETRY_MS, LOOK_MS, RESERVE_MS, WANTED_RELAYS } from './limits.ts'

export interface RelayKeeperPorts {
  isReserved(relay: PeerId): boolean
  reserve(relay: PeerAddress, signal: AbortSignal): Promise<void>
  /** The relays to use, the best first; none where this node needs none. */
  candidates(): readonly PeerAddress[]
  readonly clock: Clock
}

interface Attempt {
  readonly failures: number
  readonly nextMs: number
}

/** Keeps reservations with two relays: lost ones are asked for again, those that refuse later and later, the next meanwhile. */
export class RelayKeeper implements Disposable {
  readonly #ports: RelayKeeperPorts
  /** Of candidates alone. */
  readonly #failed = new Map<PeerId, Attempt>()
  readonly #closing = new AbortController()
  #cancelTimer: () => void = () => {}
  #round: Promise<void> | null = null

  constructor(ports: RelayKeeperPorts) {
    this.#ports = ports
  }

  /** Looks now, and from now on again and again; resolves when all that is to be tried now was tried. */
  async look(): Promise<void> {
    this.#round ??= this.#lookOnce().finally(() => {
      this.#round = null
      this.#cancelTimer()
      if (!this.#closing.signal.aborted) this.#cancelTimer = this.#ports.clock.after(LOOK_MS, () => void this.look())
    })
    await this.#round
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
    this.#cancelTimer()
  }

  async #lookOnce(): Promise<void> {
    const candidates = this.#ports.candidates()
    const known = new Set(candidates.map(({ peer }) => peer))
    for (const peer of this.#failed.keys()) if (!known.has(peer)) this.#failed.delete(peer)
    let missing = WANTED_RELAYS - candidates.filter(({ peer }) => this.#ports.isReserved(peer)).length
    for (const relay of candidates) {
      if (missing <= 0 || this.#closing.signal.aborted) return
      if (!this.#isDue(relay.peer)) continue
      if (await this.#try(relay)) missing--
    }
  }

  #isDue(peer: PeerId): boolean {
    return !this.#ports.isReserved(peer) && (this.#failed.get(peer)?.nextMs ?? 0) <= this.#ports.clock.now()
  }

  async #try(relay: PeerAddress): Promise<boolean> {
    const { clock } = this.#ports
    const deadline = new AbortController()
    const cancelTimer = clock.after(RESERVE_MS, () => deadline.abort(new Error('no reservation in time')))
    try {
      await this.#ports.reserve(relay, AbortSignal.any([this.#closing.signal, deadline.signal]))
      this.#failed.delete(relay.peer)
      return true
    } catch {
      const failures = (this.#failed.get(relay.peer)?.failures ?? 0) + 1
      const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
      this.#failed.set(relay.peer, { failures, nextMs: clock.now() + waitMs })
      return false
    } finally {
      cancelTimer()
    }
  }
}
