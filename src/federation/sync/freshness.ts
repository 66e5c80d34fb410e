import type { FeedHead, PeerId, PublisherId } from '../../protocol/index.ts'
import { MAX_KNOWN_HOLDERS } from './limits.ts'

/**
 * When a peer that holds a publisher last said what it holds of it. A peer that never named a head of a publisher confirms nothing
 * by saying that nothing changed.
 */
export class Freshness {
  readonly #holders = new Map<PublisherId, Set<PeerId>>()
  readonly #confirmedAt = new Map<PublisherId, number>()

  /** A peer named heads of publishers that are followed. */
  named(peer: PeerId, heads: readonly Pick<FeedHead, 'publisher'>[]): void {
    for (const { publisher } of heads) {
      const holders = this.#holders.get(publisher) ?? new Set()
      holders.delete(peer)
      this.#holders.set(publisher, holders.add(peer))
      if (holders.size > MAX_KNOWN_HOLDERS) holders.delete(holders.keys().next().value!)
    }
  }

  /** A peer said of all these publishers what it holds, or that it is as before. */
  answered(peer: PeerId, publishers: readonly PublisherId[], now: number): void {
    for (const publisher of publishers)
      if (this.#holders.get(publisher)?.has(peer)) this.#confirmedAt.set(publisher, now)
  }

  forget(publisher: PublisherId): void {
    this.#holders.delete(publisher)
    this.#confirmedAt.delete(publisher)
  }

  /** Monotonic ms; null: not since this node started. */
  confirmedAt(publisher: PublisherId): number | null {
    return this.#confirmedAt.get(publisher) ?? null
  }
}
