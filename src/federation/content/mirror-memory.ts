import type { PeerId } from '../../protocol/index.ts'
import { BUSY_MIRROR_MS, FAILED_MIRROR_MS, MAX_MIRRORS_REMEMBERED, MIRROR_SPEED_MS } from './limits.ts'

interface Remembered {
  /** bytes/ms, or null. */
  readonly speed: number | null
  /** Until when it comes after the others, ms. */
  readonly failedUntil: number
  /** Terms in a row for which it was busy. */
  readonly busyTerms: number
  readonly at: number
}

/** How peers did as mirrors of late: the next fetch starts with the good ones. What is forgotten first is what was heard longest ago. */
export class MirrorMemory {
  readonly #peers = new Map<PeerId, Remembered>()

  /** It brought what it was asked for, at `speed` bytes/ms. */
  brought(peer: PeerId, speed: number, now: number): void {
    this.#keep(peer, { speed, failedUntil: 0, busyTerms: 0, at: now })
  }

  /** It stalled, was much slower than others, lied or broke off. */
  failed(peer: PeerId, now: number): void {
    const busyTerms = this.#peers.get(peer)?.busyTerms ?? 0
    this.#keep(peer, { speed: this.speedOf(peer, now), failedUntil: now + FAILED_MIRROR_MS, busyTerms, at: now })
  }

  /** It had no turn for this node: soon it may. Each term that follows another is twice as long, up to that of one that failed. */
  busy(peer: PeerId, now: number): void {
    const known = this.#peers.get(peer)
    if (known !== undefined && known.failedUntil > now) return
    const before = known?.busyTerms ?? 0
    const failedUntil = now + Math.min(FAILED_MIRROR_MS, BUSY_MIRROR_MS * 2 ** before)
    this.#keep(peer, { speed: this.speedOf(peer, now), failedUntil, busyTerms: before + 1, at: now })
  }

  /** bytes/ms, or null when nothing is known of late. */
  speedOf(peer: PeerId, now: number): number | null {
    const known = this.#peers.get(peer)
    return known === undefined || now - known.at >= MIRROR_SPEED_MS ? null : known.speed
  }

  /** The same peers: the fast before the unknown, in their order, and those that failed of late last. */
  bestFirst(peers: readonly PeerId[], now: number): PeerId[] {
    const rankOf = (peer: PeerId) => {
      if ((this.#peers.get(peer)?.failedUntil ?? 0) > now) return Number.POSITIVE_INFINITY
      return -(this.speedOf(peer, now) ?? 0)
    }
    const ranks = new Map(peers.map(peer => [peer, rankOf(peer)]))
    return peers.toSorted((a, b) => {
      const [left = 0, right = 0] = [ranks.get(a), ranks.get(b)]
      return left === right ? 0 : left - right
    })
  }

  #keep(peer: PeerId, remembered: Remembered): void {
    this.#peers.delete(peer)
    this.#peers.set(peer, remembered)
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= MAX_MIRRORS_REMEMBERED) return
      this.#peers.delete(oldest)
    }
  }
}
