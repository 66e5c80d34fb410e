import type { PeerId } from '../../protocol/index.ts'
import {
  BUSY_MIRROR_MS,
  FAILED_MIRROR_MS,
  MAX_MIRRORS_REMEMBERED,
  MIRROR_SPEED_MS,
  QUICKER_SHARE,
  SLOWER_SHARE,
} from './limits.ts'
import { MirrorLoad, OpenAsk } from './mirror-load.ts'
import { SpareBytes } from './spare-bytes.ts'

interface Remembered {
  /** bytes/ms, or null. */
  readonly speed: number | null
  readonly speedAt: number
  /** Until when it comes after the others, ms. */
  readonly failedUntil: number
  /** Terms in a row for which it was busy. */
  readonly busyTerms: number
  /** To its first byte when it is asked for nothing else, ms; null: never so asked. */
  readonly firstByteMs: number | null
}

const UNKNOWN: Remembered = { speed: null, speedAt: 0, failedUntil: 0, busyTerms: 0, firstByteMs: null }

/** How peers did as mirrors of late: the next fetch starts with the good ones. What is forgotten first is what was heard longest ago. */
export class MirrorMemory {
  readonly #peers = new Map<PeerId, Remembered>()
  /** Of those that are asked for something now. */
  readonly #loads = new Map<PeerId, MirrorLoad>()
  /** What all fetches together may let come twice. */
  readonly spare = new SpareBytes()

  /** It brought what it was asked for, at `speed` bytes/ms. */
  brought(peer: PeerId, speed: number, now: number): void {
    this.#keep(peer, { speed, speedAt: now, failedUntil: 0, busyTerms: 0 })
  }

  /** It brought a leaf: busy it may still be, but not whenever it is asked. */
  answered(peer: PeerId): void {
    if ((this.#peers.get(peer)?.busyTerms ?? 0) > 0) this.#keep(peer, { busyTerms: 0 })
  }

  /** It stalled, was much slower than others, lied or broke off. */
  failed(peer: PeerId, now: number): void {
    this.#keep(peer, { failedUntil: now + FAILED_MIRROR_MS })
  }

  /**
   * It had no turn for this node, or another asked later was sooner: soon it may. Each term that follows another is twice as long, up
   * to that of one that failed.
   */
  busy(peer: PeerId, now: number): void {
    const known = this.#peers.get(peer)
    if (known !== undefined && known.failedUntil > now) return
    const before = known?.busyTerms ?? 0
    const failedUntil = now + Math.min(FAILED_MIRROR_MS, BUSY_MIRROR_MS * 2 ** before)
    this.#keep(peer, { failedUntil, busyTerms: before + 1 })
  }

  /** bytes/ms, or null when nothing is known of late. */
  speedOf(peer: PeerId, now: number): number | null {
    const known = this.#peers.get(peer)
    return known === undefined || now - known.speedAt >= MIRROR_SPEED_MS ? null : known.speed
  }

  /** It is asked for a leaf of so many bytes. */
  asked(peer: PeerId, bytes: number, now: number): OpenAsk {
    const load = this.#loads.get(peer) ?? new MirrorLoad(() => this.#loads.delete(peer))
    this.#loads.set(peer, load)
    const usualMs = this.#peers.get(peer)?.firstByteMs ?? null
    return new OpenAsk(load, { bytes, now, usualMs }, ms => this.#keep(peer, { firstByteMs: usualOf(usualMs, ms) }))
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
      const ms = ((this.#loads.get(peer)?.openBytes ?? 0) + bytes) / (speed ?? likely)
      return [Number(hasFailed), ms, Number(speed === null)]
    }
    const ranks = new Map(peers.map(peer => [peer, rankOf(peer)]))
    return peers.toSorted((a, b) => compared(ranks.get(a)!, ranks.get(b)!))
  }

  #keep(peer: PeerId, news: Partial<Remembered>): void {
    const known = this.#peers.get(peer) ?? UNKNOWN
    this.#peers.delete(peer)
    this.#peers.set(peer, { ...known, ...news })
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= MAX_MIRRORS_REMEMBERED) return
      this.#peers.delete(oldest)
    }
  }
}

/** A quicker first byte counts for more: a slow one may be a lost packet. */
function usualOf(known: number | null, ms: number): number {
  return known === null ? ms : known + (ms - known) * (ms < known ? QUICKER_SHARE : SLOWER_SHARE)
}

/** By the first number that differs. */
function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}
