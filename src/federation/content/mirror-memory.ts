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
  /** Asked for and not here yet. */
  readonly #openBytes = new Map<PeerId, number>()

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

  /** It is asked for so many bytes; the result is called when that is over. */
  asked(peer: PeerId, bytes: number): () => void {
    this.#openBytes.set(peer, (this.#openBytes.get(peer) ?? 0) + bytes)
    return () => {
      const left = this.#openBytes.get(peer)! - bytes
      if (left > 0) this.#openBytes.set(peer, left)
      else this.#openBytes.delete(peer)
    }
  }

  /**
   * The same peers: first who would bring `bytes` soonest, after what it is asked for already. One of unknown speed counts as the
   * slowest that is known and comes after it; of like ones the order stays. Those that failed of late are last.
   */
  bestFirst(peers: readonly PeerId[], now: number, bytes: number): PeerId[] {
    const slowest = Math.min(...peers.map(peer => this.speedOf(peer, now) ?? Number.POSITIVE_INFINITY))
    const likely = Number.isFinite(slowest) ? slowest : 1
    const rankOf = (peer: PeerId) => {
      const speed = this.speedOf(peer, now)
      const hasFailed = (this.#peers.get(peer)?.failedUntil ?? 0) > now
      const ms = ((this.#openBytes.get(peer) ?? 0) + bytes) / (speed ?? likely)
      return [Number(hasFailed), ms, Number(speed === null)]
    }
    const ranks = new Map(peers.map(peer => [peer, rankOf(peer)]))
    return peers.toSorted((a, b) => compared(ranks.get(a)!, ranks.get(b)!))
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

/** By the first number that differs. */
function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}
