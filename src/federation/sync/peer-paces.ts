import { MAX_FEED_RANGE_BYTES, type PeerId } from '../../protocol/index.ts'
import { FIRST_RANGE_BYTES, LEAST_RANGE_BYTES } from './limits.ts'

interface Pace {
  readonly bytes: number
  /** Its last range did not come quickly. */
  readonly isSlow: boolean
}

/**
 * How quickly each peer brings ranges, and so how much it is asked for at once: twice as much after each full range of true records that came quickly, half after each
 * that did not. So a range fits its time over any line, and who brings little at a time keeps no feed for long.
 */
export class PeerPaces {
  readonly #paces = new Map<PeerId, Pace>()

  /** Peers of which anything is known. */
  get size(): number {
    return this.#paces.size
  }

  /** How much to ask a peer for. */
  bytesOf(peer: PeerId): number {
    return this.#paces.get(peer)?.bytes ?? FIRST_RANGE_BYTES
  }

  /** How much to ask a peer for once a full range came quickly. */
  nextBytesOf(peer: PeerId): number {
    return Math.min(MAX_FEED_RANGE_BYTES, this.bytesOf(peer) * 2)
  }

  /** Whether nothing shows how fast the peer is. */
  isNew(peer: PeerId): boolean {
    return !this.#paces.has(peer)
  }

  isSlow(peer: PeerId): boolean {
    return this.#paces.get(peer)?.isSlow ?? false
  }

  /** So many bytes of true records came quickly in one range: it shows something if that is as much as the peer is asked for. */
  cameQuickly(peer: PeerId, bytes: number): void {
    if (bytes >= this.bytesOf(peer)) this.#paces.set(peer, { bytes: this.nextBytesOf(peer), isSlow: false })
  }

  cameSlowly(peer: PeerId): void {
    this.#paces.set(peer, { bytes: Math.max(LEAST_RANGE_BYTES, this.bytesOf(peer) / 2), isSlow: true })
  }

  wasLate(peer: PeerId): void {
    this.#paces.set(peer, { bytes: LEAST_RANGE_BYTES, isSlow: true })
  }

  forget(peer: PeerId): void {
    this.#paces.delete(peer)
  }
}
