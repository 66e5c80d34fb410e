import {
  encodeHeads,
  encodeRange,
  type FeedHead,
  type FeedId,
  type FeedRequest,
  MAX_FEED_RANGE_BYTES,
  MAX_FEED_RANGE_RECORDS,
  MAX_HEADS_IN_PART,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { FeedStore } from './feed-store.ts'
import type { HeadChanges } from './head-changes.ts'
import { MAX_SUBSCRIPTIONS_PER_PEER } from './limits.ts'

export interface FeedHandlerPorts {
  readonly store: FeedStore
  readonly changes: HeadChanges
  /** The one gate: whether a feed's heads and records may go to this peer. */
  readonly mayServeFeed: (
    feed: { readonly publisher: PublisherId; readonly feed: FeedId },
    peer: PeerId,
  ) => boolean | Promise<boolean>
}
export interface FeedHandlerRequest {
  readonly peer: PeerId
  readonly payload: Uint8Array
  readonly signal: AbortSignal
}

/** Serves `/hanse/<net>/feed/1`: heads, ranges, and heads as they change. A feed the gate closes is answered as one not held. */
export class FeedHandler {
  readonly #ports: FeedHandlerPorts
  readonly #subscriptions = new Map<PeerId, number>()

  constructor(ports: FeedHandlerPorts) {
    this.#ports = ports
  }

  /** Answers one request; throws `E_BAD_REQUEST` for what is none and `E_BUSY` beyond the subscription limit. */
  handle({ peer, payload, signal }: FeedHandlerRequest): AsyncIterable<Uint8Array> {
    const request = parseFeedRequest(payload)
    if (request === null) throw new FederationError('E_BAD_REQUEST', 'not a feed request')
    if (request.ask === 'range') return this.#range(peer, request)
    if (request.ask === 'heads') return this.#heads(peer, request.publishers, signal)
    return this.#subscribe(peer, request.publishers, signal)
  }

  async *#heads(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let waiting: FeedHead[] = []
    for (const publisher of new Set(publishers)) {
      if (signal.aborted) return
      waiting.push(...(await this.#servable(peer, await this.#readableHeads(publisher))))
      if (waiting.length < MAX_HEADS_IN_PART) continue
      yield* encodeHeads(waiting)
      waiting = []
    }
    if (waiting.length > 0) yield* encodeHeads(waiting)
  }

  /** A publisher whose heads cannot be read is answered as one not held: it must not hide the others. */
  async #readableHeads(publisher: PublisherId): Promise<readonly FeedHead[]> {
    try {
      return await this.#ports.store.heads(publisher)
    } catch (error) {
      if (error instanceof TypeError) throw error
      return []
    }
  }

  async *#range(peer: PeerId, ask: Extract<FeedRequest, { ask: 'range' }>): AsyncGenerator<Uint8Array> {
    const { publisher, feed, from, to } = ask
    const bounds = { from, to, limit: MAX_FEED_RANGE_RECORDS, maxBytes: MAX_FEED_RANGE_BYTES }
    const may = await this.#ports.mayServeFeed({ publisher, feed }, peer)
    yield encodeRange(may ? await this.#ports.store.range(publisher, feed, bounds) : [])
  }

  async *#subscribe(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const open = this.#subscriptions.get(peer) ?? 0
    if (open >= MAX_SUBSCRIPTIONS_PER_PEER) throw new FederationError('E_BUSY', 'too many subscriptions')
    this.#subscriptions.set(peer, open + 1)
    try {
      for await (const changed of this.#ports.changes.watch(publishers, signal)) {
        const heads = await this.#servable(peer, changed)
        if (heads.length > 0) yield* encodeHeads(heads)
      }
    } finally {
      const left = this.#subscriptions.get(peer)! - 1
      if (left > 0) this.#subscriptions.set(peer, left)
      else this.#subscriptions.delete(peer)
    }
  }

  async #servable(peer: PeerId, heads: readonly FeedHead[]): Promise<FeedHead[]> {
    const may = await Promise.all(heads.map(head => this.#ports.mayServeFeed(head, peer)))
    return heads.filter((_, i) => may[i])
  }
}
