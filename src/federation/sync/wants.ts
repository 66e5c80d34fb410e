import {
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
} from '../../protocol/index.ts'
import {
  ASSURED_WANTS_PER_PEER,
  MAX_REFUSED_TIPS,
  MAX_WANTS,
  MAX_WANTS_PER_FEED,
  MAX_WANTS_PER_PEER,
} from './limits.ts'
import { PeerOffers } from './peer-offers.ts'
import { Want, WantedFeed } from './want.ts'

/**
 * The bounded set of missing tips. One branch of a feed is fetched at a time as long as all goes well; one that is not delivered
 * keeps neither the other branches of its feed waiting nor, in a root feed, the publisher's other feeds.
 */
export class Wants {
  readonly #feeds = new Map<string, WantedFeed>()
  readonly #byPeer = new Map<PeerId, PeerOffers>()
  readonly #parked = new Set<Want>()
  readonly #refused = new Set<RecordId>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How full it is: tips wanted and refused, the most offered by one peer, and by one peer in one feed. */
  get sizes() {
    const most = (counts: Iterable<number>) => Math.max(0, ...counts)
    return {
      wants: this.#size,
      refusedTips: this.#refused.size,
      wantsOfPeer: most([...this.#byPeer.values()].map(({ size }) => size)),
      wantsOfPeerInFeed: most([...this.#feeds.values()].flatMap(({ offers }) => [...offers.values()])),
    }
  }

  /** False if there is no room for it. */
  offer(head: FeedHead, pinned: boolean, peer: PeerId): boolean {
    if (this.#refused.has(head.id) && !pinned) return true
    const feed = this.#feeds.get(keyOf(head.publisher, head.feed)) ?? new WantedFeed()
    const known = feed.wants.get(tipOf(head))
    if (known) known.pinned ||= pinned
    if (known?.offeredBy.has(peer)) return true
    if (!this.#mayOffer(feed, peer, known === undefined)) return false
    const want = known ?? new Want(head, feed, pinned)
    if (!known) this.#add(want)
    want.offeredBy.add(peer)
    feed.offers.set(peer, (feed.offers.get(peer) ?? 0) + 1)
    const offers = this.#byPeer.get(peer) ?? new PeerOffers()
    offers.add(want)
    this.#byPeer.set(peer, offers)
    return true
  }

  /** Whether anything is wanted that this peer offers. */
  hasOffers(peer: PeerId): boolean {
    return this.#byPeer.has(peer)
  }

  /** Whether anything of a publisher is wanted. */
  hasAnyOf(publishers: ReadonlySet<PublisherId>): boolean {
    for (const { wants } of this.#feeds.values())
      for (const { head } of wants.values()) if (publishers.has(head.publisher)) return true
    return false
  }

  /** What to ask this peer for next, of all that it offers; null: nothing that may start now. `isNew`: nothing is known of its pace. */
  pickFor(peer: PeerId, isNew = false): Want | null {
    return this.#byPeer.get(peer)?.first(want => this.#mayAsk(want, peer, isNew)) ?? null
  }

  done(want: Want): void {
    for (const peer of [...want.offeredBy]) this.#unoffer(want, peer)
    if (!want.feed.wants.delete(tipOf(want.head))) return
    this.#parked.delete(want)
    this.#size--
    if (want.feed.wants.size === 0) this.#feeds.delete(keyOf(want.head.publisher, want.head.feed))
  }

  /** The feed holds enough rivals: no round fetches it again. */
  refuse(want: Want): void {
    if (this.#refused.size >= MAX_REFUSED_TIPS) this.#refused.clear()
    this.#refused.add(want.head.id)
    this.done(want)
  }

  /** The peer did not deliver what it offered. */
  fail(want: Want, peer: PeerId): void {
    want.failures++
    want.feed.widen()
    this.#withdraw(want, peer)
  }

  /** No root record held here delegates the feed: it waits for `unpark`. */
  park(want: Want): void {
    this.#parked.add(want)
  }

  /** Root records came, of one publisher or perhaps of any. */
  unpark(publisher?: PublisherId): void {
    for (const want of this.#parked)
      if (publisher === undefined || want.head.publisher === publisher) this.#parked.delete(want)
  }

  dropPeer(peer: PeerId): void {
    for (const want of this.#byPeer.get(peer)?.all() ?? []) this.#withdraw(want, peer)
  }

  dropPublishers(publishers: ReadonlySet<PublisherId>): void {
    for (const want of this.#all()) if (publishers.has(want.head.publisher)) this.done(want)
  }

  #all(): Want[] {
    return [...this.#feeds.values()].flatMap(feed => [...feed.wants.values()])
  }

  #add(want: Want): void {
    want.feed.wants.set(tipOf(want.head), want)
    this.#feeds.set(keyOf(want.head.publisher, want.head.feed), want.feed)
    this.#size++
  }

  /** A full set takes nothing more from those who filled it, but a few from each other peer. */
  #mayOffer(feed: WantedFeed, peer: PeerId, isNew: boolean): boolean {
    const offers = this.#byPeer.get(peer)?.size ?? 0
    if (offers >= MAX_WANTS_PER_PEER || (feed.offers.get(peer) ?? 0) >= MAX_WANTS_PER_FEED) return false
    return !isNew || this.#size < MAX_WANTS || offers < ASSURED_WANTS_PER_PEER
  }

  #mayAsk(want: Want, peer: PeerId, isNew: boolean): boolean {
    const { askedOf, parallel, trials } = want.feed
    if (this.#parked.has(want) || askedOf.has(peer) || this.#waitsForRoot(want, peer)) return false
    return askedOf.size < (isNew ? Math.max(parallel, trials) : parallel)
  }

  /** A peer's root records come before the feeds they delegate, as long as none that is offered was late or failed. */
  #waitsForRoot({ isRoot, head }: Want, peer: PeerId): boolean {
    const root = isRoot ? undefined : this.#feeds.get(keyOf(head.publisher, ROOT_FEED))
    return root !== undefined && root.parallel === 1 && root.offers.has(peer)
  }

  #withdraw(want: Want, peer: PeerId): void {
    this.#unoffer(want, peer)
    if (want.offeredBy.size === 0) this.done(want)
  }

  #unoffer(want: Want, peer: PeerId): void {
    if (!want.offeredBy.delete(peer)) return
    const left = want.feed.offers.get(peer)! - 1
    if (left > 0) want.feed.offers.set(peer, left)
    else want.feed.offers.delete(peer)
    const offered = this.#byPeer.get(peer)!
    offered.delete(want)
    if (offered.size === 0) this.#byPeer.delete(peer)
  }
}

const keyOf = (publisher: PublisherId, feed: FeedId): string => `${publisher}/${feed}`
const tipOf = ({ id, seq }: FeedHead): string => `${id} ${seq}`
