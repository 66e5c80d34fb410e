import {
  encodeHeads,
  encodeHeadsSinceEnd,
  encodePublishers,
  encodeRange,
  type FeedHead,
  type FeedId,
  type FeedRequest,
  MAX_FEED_RANGE_BYTES,
  MAX_FEED_RANGE_RECORDS,
  MAX_HEADS_IN_PART,
  MAX_LISTED_PUBLISHERS,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { FeedStore } from './feed-store.ts'
import type { HeadChanges } from './head-changes.ts'
import type { ChangedFeeds } from './head-log.ts'
import type { HoldBack } from './head-watcher.ts'
import { CHANGES_PER_LOOK_UP, MAX_SUBSCRIPTIONS_PER_PEER } from './limits.ts'

export interface FeedHandlerPorts {
  readonly store: FeedStore
  readonly changes: HeadChanges
  /** How long changed heads wait before subscribers are told; absent: not at all. */
  readonly hold?: HoldBack
  /** The one gate: whether a feed's heads and records may go to this peer. */
  readonly mayServeFeed: (
    feed: { readonly publisher: PublisherId; readonly feed: FeedId },
    peer: PeerId,
  ) => boolean | Promise<boolean>
  /** Charges a peer for as much work as looking up so many publishers that its request did not name; false: it asked for too many lately. Absent: never. */
  readonly mayLookUp?: (peer: PeerId, publishers: number) => boolean
  /** Publishers of whom everybody may know that this node holds public releases, blocked ones left out; absent: none. */
  readonly listed?: {
    isListed(publisher: PublisherId): boolean
    /** In the order of their ids. */
    after(publisher: PublisherId | null, limit: number): readonly PublisherId[]
  }
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

  /** How full it is: the most subscriptions one peer holds. */
  get sizes() {
    return { subscriptionsOfPeer: Math.max(0, ...this.#subscriptions.values()) }
  }

  /** Answers one request; throws `E_BAD_REQUEST` for what is none and `E_BUSY` beyond the subscription limit. */
  handle({ peer, payload, signal }: FeedHandlerRequest): AsyncIterable<Uint8Array> {
    const request = parseFeedRequest(payload)
    if (request === null) throw new FederationError('E_BAD_REQUEST', 'not a feed request')
    if (request.ask === 'range') return this.#range(peer, request)
    if (request.ask === 'heads') return this.#heads(peer, new Set(request.publishers), signal)
    if (request.ask === 'heads-since') return this.#headsSince(peer, request, signal)
    if (request.ask === 'publishers') return this.#publishers(request.after)
    return this.#subscribe(peer, request.publishers, signal)
  }

  /** What was told up to the cookie and what is told here are all that this peer may have now. */
  async *#headsSince(
    peer: PeerId,
    ask: Extract<FeedRequest, { ask: 'heads-since' }>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const cookie = this.#ports.changes.log.cookie()
    const changed = this.#changedSince(peer, ask)
    if (changed === null) yield* this.#heads(peer, new Set(ask.publishers), signal)
    else yield* this.#heads(peer, changed.keys(), signal, changed)
    signal.throwIfAborted()
    yield encodeHeadsSinceEnd({ ...cookie, whole: changed === null })
  }

  /** What is meant of what changed; null: the cookie is not known, or a peer that asks for so much has to name it. */
  #changedSince(
    peer: PeerId,
    { publishers, all, since }: Extract<FeedRequest, { ask: 'heads-since' }>,
  ): ChangedFeeds | null {
    const { changes, listed, mayLookUp = () => true } = this.#ports
    if (since === null) return null
    if (publishers.length === 0 && !all) return new Map()
    const length = changes.log.lengthSince(since)
    if (length === null) return null
    const lookUps = Math.floor(length / CHANGES_PER_LOOK_UP)
    if (lookUps > 0 && !mayLookUp(peer, lookUps)) return null
    const named = new Set(publishers)
    const isMeant = all
      ? (id: PublisherId) => named.has(id) || listed?.isListed(id) === true
      : (id: PublisherId) => named.has(id)
    const changed = changes.log.since(since, isMeant)
    if (changed === null) return null
    const unnamed = [...changed.keys()].filter(id => !named.has(id))
    // All of it: it may be listed only since this change.
    const meant = unnamed.length === 0 ? changed : new Map([...changed, ...unnamed.map(id => [id, null] as const)])
    return unnamed.length === 0 || mayLookUp(peer, unnamed.length) ? meant : null
  }

  async *#publishers(after: PublisherId | null): AsyncGenerator<Uint8Array> {
    yield encodePublishers(this.#ports.listed?.after(after, MAX_LISTED_PUBLISHERS) ?? [])
  }

  async *#heads(
    peer: PeerId,
    publishers: Iterable<PublisherId>,
    signal: AbortSignal,
    changed?: ChangedFeeds,
  ): AsyncGenerator<Uint8Array> {
    let waiting: FeedHead[] = []
    for (const publisher of publishers) {
      if (signal.aborted) return
      const feeds = changed?.get(publisher) ?? null
      const heads = (await this.#readableHeads(publisher)).filter(({ feed }) => feeds === null || feeds.has(feed))
      waiting.push(...(await this.#servable(peer, heads)))
      if (waiting.length < MAX_HEADS_IN_PART) continue
      yield* encodeHeads(waiting)
      waiting = []
    }
    if (waiting.length > 0) yield* encodeHeads(waiting)
  }

  /** A publisher whose heads cannot be read is answered as one not held, until they can: it must not hide the others. */
  async #readableHeads(publisher: PublisherId): Promise<readonly FeedHead[]> {
    try {
      return await this.#ports.store.heads(publisher)
    } catch (error) {
      if (error instanceof TypeError) throw error
      this.#ports.changes.log.touch(publisher)
      return []
    }
  }

  async *#range(peer: PeerId, ask: Extract<FeedRequest, { ask: 'range' }>): AsyncGenerator<Uint8Array> {
    const { publisher, feed, from, to, enoughBytes = MAX_FEED_RANGE_BYTES } = ask
    const bounds = { from, to, limit: MAX_FEED_RANGE_RECORDS, maxBytes: MAX_FEED_RANGE_BYTES, enoughBytes }
    const may = await this.#ports.mayServeFeed({ publisher, feed }, peer)
    yield encodeRange(may ? await this.#ports.store.range(publisher, feed, bounds) : [])
  }

  async *#subscribe(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const open = this.#subscriptions.get(peer) ?? 0
    if (open >= MAX_SUBSCRIPTIONS_PER_PEER) throw new FederationError('E_BUSY', 'too many subscriptions')
    this.#subscriptions.set(peer, open + 1)
    const { changes, hold } = this.#ports
    try {
      for await (const changed of changes.watch(publishers, signal, { peer, ...(hold && { hold }) })) {
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
