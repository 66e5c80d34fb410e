import {
  encodeFeedRequest,
  type FeedHead,
  MAX_ASKED_PUBLISHERS,
  type PeerId,
  type PublisherId,
  parseHeads,
} from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { Offer } from './effects.ts'
import type { FeedClient } from './fetch-range.ts'
import { fromPeer } from './from-peer.ts'
import { MAX_SUBSCRIPTIONS_PER_PEER } from './limits.ts'
import { NewsBudgets } from './news-budgets.ts'

export interface SubscriptionsPorts {
  readonly client: FeedClient
  readonly clock: Clock
  /** A peer named these heads. */
  readonly onNamed?: (peer: PeerId, heads: readonly FeedHead[]) => void
  /** Those of the publishers' heads that are not held here. */
  readonly missing: (peer: PeerId, heads: readonly FeedHead[], publishers: readonly PublisherId[]) => Promise<Offer[]>
  readonly onOffers: (peer: PeerId, offers: readonly Offer[]) => void
  /** A peer's subscription ended that nobody here ended. */
  readonly onEnd: (peer: PeerId) => void
}

/** What peers are asked to tell as it changes: a convenience, as rounds find what it would have told. */
export class Subscriptions implements AsyncDisposable {
  readonly #ports: SubscriptionsPorts
  readonly #news: NewsBudgets
  readonly #open = new Map<PeerId, AbortController>()
  readonly #running = new Set<Promise<void>>()

  constructor(ports: SubscriptionsPorts) {
    this.#ports = ports
    this.#news = new NewsBudgets(ports.clock)
  }

  /** How full each bounded structure is. */
  get sizes() {
    return { subscribedTo: this.#open.size, newsBudgets: this.#news.size }
  }

  /** One long-lived request a 256 publishers, in the place of those before. */
  open(peer: PeerId, publishers: readonly PublisherId[]): void {
    this.end(peer)
    const controller = new AbortController()
    this.#open.set(peer, controller)
    const most = Math.min(publishers.length, MAX_ASKED_PUBLISHERS * MAX_SUBSCRIPTIONS_PER_PEER)
    for (let i = 0; i < most; i += MAX_ASKED_PUBLISHERS)
      this.#run(this.#listen(peer, publishers.slice(i, i + MAX_ASKED_PUBLISHERS), controller.signal))
  }

  end(peer: PeerId): void {
    this.#open.get(peer)?.abort()
    this.#open.delete(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const controller of this.#open.values()) controller.abort()
    await Promise.all(this.#running)
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #listen(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): Promise<void> {
    const { client, onNamed, missing, onOffers, onEnd } = this.#ports
    const request = encodeFeedRequest({ ask: 'subscribe', publishers })
    try {
      for await (const part of fromPeer(client.request(peer, request, { signal }))) {
        await this.#news.take(peer, part.byteLength, signal)
        const heads = parseHeads(part)
        if (heads === null || signal.aborted) return
        onNamed?.(peer, heads)
        const offers = await missing(peer, heads, publishers)
        if (offers.length > 0) onOffers(peer, offers)
      }
    } catch {
      // Rounds find what it would have told.
    } finally {
      if (!signal.aborted) onEnd(peer)
    }
  }
}
