import type { PeerId } from '../../protocol/index.ts'

/** How long a peer that broke the protocol stays out, ms: long enough that redialling is no attack, short enough for a repaired one. */
export const REFUSED_MS = 10 * 60_000
/** How long a peer stays out that was late or did not keep its offers, ms: it may be honest and slow, so not for long. */
export const UNRELIABLE_MS = 60_000
/** Most peers remembered as refused: ids are free, so one has to go; about 1 MB. */
export const MAX_REFUSED_PEERS = 4096

/**
 * Peers that sent what no honest peer sends, or nothing of what they offered. Hanging up alone does not keep them out: the DHT or
 * the peer itself dials again at once.
 */
export class RefusedPeers {
  /** Until when each is refused, ms. */
  readonly #until = new Map<PeerId, number>()

  /** Refuses a peer for `termMs` from now on, or as long as it is refused already. The one that may soonest return is forgotten first. */
  refuse(peer: PeerId, now: number, termMs = REFUSED_MS): void {
    const until = Math.max(now + termMs, this.#until.get(peer) ?? 0)
    this.#until.delete(peer)
    this.#until.set(peer, until)
    if (this.#until.size > MAX_REFUSED_PEERS) this.#until.delete(this.#soonest())
  }

  isRefused(peer: PeerId, now: number): boolean {
    const until = this.#until.get(peer)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(peer)
    return false
  }

  #soonest(): PeerId {
    return [...this.#until].reduce((a, b) => (b[1] < a[1] ? b : a))[0]
  }
}
