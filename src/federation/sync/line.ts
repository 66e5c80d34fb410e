import { MAX_FEED_RANGE_BYTES, type PeerId } from '../../protocol/index.ts'
import { MIN_BYTES_PER_SECOND } from '../streams/limits.ts'
import * as limits from './limits.ts'

const { LEAST_SHARE } = limits
const NOTHING = { bytesPerSecond: 0, untilMs: Number.NEGATIVE_INFINITY }

/** What one peer and all had brought at some time. */
export interface Mark {
  readonly ownBytes: number
  readonly allBytes: number
  readonly atMs: number
}

interface Heard {
  bytes: number
  atMs: number
  /** It was as slow as the line, since that is. */
  isSlow: boolean
}

/**
 * Tells peers that are slow from a line of this node's own that is. A peer is no slower than the line as long as it brings a quarter of
 * its share of what all bring, with others at work or as fast as the line was then, and the line was not seen to be quick. Where the line
 * is what is slow, to ask more peers for the same, or for more, makes all of it later: so ranges are asked for as it brings them. As
 * peers that are slow together look like a slow line, others are tried beside them now and then, and one that is quick ends it.
 */
export class Line {
  readonly #heard = new Map<PeerId, Heard>()
  #allBytes = 0
  /** Bytes a second that it brought while it was slow, and it counts as slow until then, ms. */
  #slow = NOTHING
  /** Bytes a second that one peer brought over it. */
  #quick = NOTHING
  #places = limits.MAX_RANGES
  #triedAt = Number.NEGATIVE_INFINITY

  /** Peers of which anything was heard. */
  get size(): number {
    return this.#heard.size
  }

  /** So many bytes more came of a peer. */
  heard(peer: PeerId, bytes: number, now: number): void {
    const heard = this.#heard.get(peer) ?? { bytes: 0, atMs: now, isSlow: false }
    this.#heard.set(peer, heard)
    heard.bytes += bytes
    heard.atMs = now
    this.#allBytes += bytes
  }

  left(peer: PeerId): void {
    this.#heard.delete(peer)
  }

  mark(peer: PeerId, now: number): Mark {
    return { ownBytes: this.#heard.get(peer)?.bytes ?? 0, allBytes: this.#allBytes, atMs: now }
  }

  /** Whether what a peer was asked for is late since `mark` because of the line. `asked`: who is asked for ranges that are not here. */
  explains(peer: PeerId, mark: Mark, asked: Iterable<PeerId>, now: number): boolean {
    const heard = this.#heard.get(peer)
    const ms = now - mark.atMs
    if (heard === undefined || heard.bytes <= mark.ownBytes || ms <= 0) return false
    const own = ((heard.bytes - mark.ownBytes) * 1000) / ms
    const all = ((this.#allBytes - mark.allBytes) * 1000) / ms
    if (all < MIN_BYTES_PER_SECOND || (now < this.#quick.untilMs && all * LEAST_SHARE < this.#quick.bytesPerSecond))
      return false
    const atWork = this.#atWork(asked, now)
    if (atWork < 2) return this.isSlow(now) && own * LEAST_SHARE >= this.#slow.bytesPerSecond
    if (own * atWork * LEAST_SHARE < all) return false
    this.#isSlowAt(all, now)
    heard.isSlow = true
    return true
  }

  isSlow(now: number): boolean {
    return now < this.#slow.untilMs
  }

  /** Ranges that may be under way. */
  places(now: number): number {
    return this.isSlow(now) ? this.#places : limits.MAX_RANGES
  }

  /** A range that a peer was asked for at `begun` is here. */
  came(peer: PeerId, begun: Mark, now: number): void {
    const ms = Math.max(1, now - begun.atMs)
    const bytes = (this.#heard.get(peer)?.bytes ?? 0) - begun.ownBytes
    if (ms <= limits.RANGE_LATE_MS) this.#places = Math.min(limits.MAX_RANGES, this.#places + 1)
    if (bytes >= limits.LINE_BULK_BYTES) this.#wasQuick((bytes * 1000) / ms, now)
  }

  /**
   * Whether this peer, which is asked for nothing, is tried though all places are taken: one that was not seen to be slow. `isBeside`: for
   * what another is asked for.
   */
  mayTry(peer: PeerId, isBeside: boolean, now: number): boolean {
    const restMs = isBeside ? limits.LINE_TRY_BESIDE_MS : limits.LINE_TRY_MS
    return this.isSlow(now) && now >= this.#triedAt + restMs && this.#heard.get(peer)?.isSlow !== true
  }

  tried(now: number): void {
    this.#triedAt = now
  }

  #atWork(asked: Iterable<PeerId>, now: number): number {
    const isAtWork = (peer: PeerId) => now - (this.#heard.get(peer)?.atMs ?? 0) < limits.RANGE_LATE_MS
    return new Set([...asked].filter(peer => this.#heard.has(peer) && isAtWork(peer))).size
  }

  #isSlowAt(bytesPerSecond: number, now: number): void {
    if (!this.isSlow(now)) this.#beginSlow(now)
    this.#slow = { bytesPerSecond, untilMs: now + limits.LINE_SLOW_MS }
    const ranges = Math.floor((bytesPerSecond * limits.LINE_AHEAD_MS) / 1000 / MAX_FEED_RANGE_BYTES)
    this.#places = Math.min(limits.MAX_RANGES, Math.max(1, ranges))
  }

  /** Nobody is tried beside another at once: what shows it may be two that bring the same. */
  #beginSlow(now: number): void {
    this.#forgetSlow()
    this.#triedAt = now + limits.LINE_TRY_MS - limits.LINE_TRY_BESIDE_MS
  }

  /** One peer alone is twice as fast as the line was said to be: others were slow. */
  #wasQuick(bytesPerSecond: number, now: number): void {
    if (this.isSlow(now) && bytesPerSecond < 2 * this.#slow.bytesPerSecond) return
    this.#forgetSlow()
    if (now >= this.#quick.untilMs || bytesPerSecond >= this.#quick.bytesPerSecond)
      this.#quick = { bytesPerSecond, untilMs: now + limits.LINE_SLOW_MS }
  }

  #forgetSlow(): void {
    this.#slow = NOTHING
    for (const heard of this.#heard.values()) heard.isSlow = false
  }
}
