import { type FeedHead, type PeerId, type PublisherId, type RecordId, ROOT_FEED } from '../../protocol/index.ts'
import { MAX_REFUSED_TIPS, MAX_WANTS, MAX_WANTS_PER_FEED } from './limits.ts'

/** One tip that is missing here, and who offers it. */
export class Want {
  readonly head: FeedHead
  readonly offeredBy = new Set<PeerId>()
  pinned: boolean
  /** Next sequence number to ask for; null: where the main branch held ends. */
  from: number | null = null
  taken = false
  #step = 1

  constructor(head: FeedHead, pinned: boolean) {
    this.head = head
    this.pinned = pinned
  }

  /** The chain did not join at `from`: look earlier, twice as far each time. */
  stepBack(from: number): void {
    this.from = Math.max(1, from - this.#step)
    this.#step *= 2
  }
}

/** The bounded set of missing tips: at most one branch of a feed is fetched at a time, and root feeds before the others. */
export class Wants {
  readonly #feeds = new Map<string, Map<RecordId, Want>>()
  readonly #refused = new Set<RecordId>()
  #size = 0

  get size(): number {
    return this.#size
  }

  offer(head: FeedHead, pinned: boolean, peer: PeerId): void {
    if (this.#refused.has(head.id) && !pinned) return
    const feed = this.#feeds.get(keyOf(head)) ?? new Map<RecordId, Want>()
    const known = feed.get(head.id)
    if (!known && !this.#mayAdd(feed, peer)) return
    const want = known ?? new Want(head, pinned)
    want.pinned ||= pinned
    want.offeredBy.add(peer)
    if (known) return
    this.#feeds.set(keyOf(head), feed.set(head.id, want))
    this.#size++
  }

  /** Wants that may start now, root feeds first, the longest and most offered branch of each feed. */
  ready(): Want[] {
    const picked: Want[] = []
    const rootsMissing = new Set<PublisherId>()
    for (const feed of this.#feeds.values()) {
      const wants = [...feed.values()]
      const { publisher, feed: id } = wants[0]!.head
      if (id === ROOT_FEED) rootsMissing.add(publisher)
      if (!wants.some(want => want.taken)) picked.push(wants.reduce(better))
    }
    const waits = ({ head }: Want) => head.feed !== ROOT_FEED && rootsMissing.has(head.publisher)
    return picked.filter(want => !waits(want))
  }

  take(want: Want): void {
    want.taken = true
  }

  release(want: Want): void {
    want.taken = false
  }

  done(want: Want): void {
    const feed = this.#feeds.get(keyOf(want.head))
    if (!feed?.delete(want.head.id)) return
    this.#size--
    if (feed.size === 0) this.#feeds.delete(keyOf(want.head))
  }

  refuse(want: Want): void {
    if (this.#refused.size >= MAX_REFUSED_TIPS) this.#refused.clear()
    this.#refused.add(want.head.id)
    this.done(want)
  }

  /** A peer does not have what it offered. */
  withdraw(want: Want, peer: PeerId): void {
    want.offeredBy.delete(peer)
    if (want.offeredBy.size === 0) this.done(want)
  }

  dropPeer(peer: PeerId): void {
    for (const want of this.#all()) this.withdraw(want, peer)
  }

  dropPublisher(publisher: PublisherId): void {
    for (const want of this.#all()) if (want.head.publisher === publisher) this.done(want)
  }

  #all(): Want[] {
    return [...this.#feeds.values()].flatMap(feed => [...feed.values()])
  }

  #mayAdd(feed: Map<RecordId, Want>, peer: PeerId): boolean {
    if (this.#size >= MAX_WANTS) return false
    let sameFeed = 0
    for (const want of feed.values()) if (want.offeredBy.has(peer)) sameFeed++
    return sameFeed < MAX_WANTS_PER_FEED
  }
}

const keyOf = ({ publisher, feed }: FeedHead): string => `${publisher}/${feed}`

const better = (a: Want, b: Want): Want => {
  if (a.offeredBy.size !== b.offeredBy.size) return a.offeredBy.size > b.offeredBy.size ? a : b
  return b.head.seq > a.head.seq ? b : a
}
