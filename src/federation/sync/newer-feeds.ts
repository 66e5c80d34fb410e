import type { FeedHead, PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { MAX_NEWER_FEEDS, WHOLE_HEADS_MS } from './limits.ts'

/**
 * Feeds of which a peer gave a record of a later version of the format. That is no fault of the peer, and asking again would bring it
 * again: what the peer offers of the feed is left alone for half an hour. What others offer of it is asked for, as the peer may have lied.
 */
export class NewerFeeds {
  /** Until when, ms. */
  readonly #until = new BoundedMap<string, number>(MAX_NEWER_FEEDS)

  /** Feeds of peers remembered. */
  get size(): number {
    return this.#until.size
  }

  add(peer: PeerId, head: FeedHead, now: number): void {
    this.#until.set(keyOf(peer, head), now + WHOLE_HEADS_MS)
  }

  has(peer: PeerId, head: FeedHead, now: number): boolean {
    return this.#until.size > 0 && (this.#until.get(keyOf(peer, head)) ?? now) > now
  }
}

const keyOf = (peer: PeerId, { publisher, feed }: FeedHead): string => `${peer}/${publisher}/${feed}`
