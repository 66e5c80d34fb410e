import type { PeerId } from '../../protocol/index.ts'

/** How long a peer that broke the protocol stays out, ms: long enough that redialling is no attack, short enough for a repaired one. */
export const REFUSED_MS = 10 * 60_000
/** Most peers remembered as refused: ids are free, so the oldest is forgotten; about 1 MB. */
export const MAX_REFUSED_PEERS = 4096

/**
 * Peers that sent what no honest peer sends. Hanging up alone does not keep them out: the DHT or the peer itself
 * dials again at once.
 */
export class RefusedPeers {
  /** Until when each is refused, ms; the oldest first. */
  readonly #until = new Map<PeerId, number>()

  refuse(peer: PeerId, now: number): void {
    this.#until.delete(peer)
    this.#until.set(peer, now + REFUSED_MS)
    for (const oldest of this.#until.keys()) {
      if (this.#until.size <= MAX_REFUSED_PEERS) break
      this.#until.delete(oldest)
    }
  }

  isRefused(peer: PeerId, now: number): boolean {
    const until = this.#until.get(peer)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(peer)
    return false
  }
}
