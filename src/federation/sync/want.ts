import { type FeedHead, type PeerId, ROOT_FEED } from '../../protocol/index.ts'
import { MAX_SYNC_PEERS } from './limits.ts'

/** What is missing in one feed, and how it is being fetched. */
export class WantedFeed {
  /** By head id and claimed seq: a liar's false seq for a true id is a want of its own. */
  readonly wants = new Map<string, Want>()
  /** How many of the wants each peer offers. */
  readonly offers = new Map<PeerId, number>()
  /** Peers that are being asked, each for one branch. */
  readonly askedOf = new Set<PeerId>()
  /** Asks that may run at once: one, so that nothing is fetched twice, until somebody does not deliver. */
  parallel = 1
  /** Asks that may run at once of peers of whose pace nothing is known: so a quick one is found among slow ones, and each is tried once. */
  trials = 1
  #tried = 1

  /** An answer failed, is late or drips: twice as many may be asked at once, so that n liars cost log n waits. */
  widen(): void {
    this.parallel = Math.min(MAX_SYNC_PEERS, this.parallel * 2)
  }

  /** An answer is slow, though perhaps no slower than this node's line. */
  tryMore(): void {
    this.#tried = Math.min(MAX_SYNC_PEERS, this.#tried * 2)
    this.trials = this.#tried
  }

  /** Somebody brings it in time, so that nothing needs to be fetched twice. */
  narrow(): void {
    this.parallel = 1
  }

  /** Somebody brings it quickly. The next trials are of twice as many all the same: who is quick once in a while keeps nobody out. */
  endTrials(): void {
    this.trials = 1
  }
}

/** One tip that is missing here, who offers it, and who is asked for it. */
export class Want {
  readonly head: FeedHead
  readonly feed: WantedFeed
  readonly offeredBy = new Set<PeerId>()
  readonly askedOf = new Set<PeerId>()
  pinned: boolean
  /** Next sequence number to ask for; null: where the main branch held ends. */
  from: number | null = null
  /** Offers of it that were not kept. */
  failures = 0
  #step = 1

  constructor(head: FeedHead, feed: WantedFeed, pinned: boolean) {
    this.head = head
    this.feed = feed
    this.pinned = pinned
  }

  get isRoot(): boolean {
    return this.head.feed === ROOT_FEED
  }

  /** Whether none of its kind, root feed or not, precedes it, whatever else is offered. */
  get isUnpreceded(): boolean {
    return this.failures === 0 && this.askedOf.size === 0 && this.feed.wants.size === 1
  }

  /** The peer is asked for it. */
  asked(peer: PeerId): void {
    this.askedOf.add(peer)
    this.feed.askedOf.add(peer)
  }

  /** The peer is no longer asked for it. */
  answered(peer: PeerId): void {
    this.askedOf.delete(peer)
    this.feed.askedOf.delete(peer)
  }

  /** The chain did not join at `from`: look earlier, twice as far each time. */
  stepBack(from: number): void {
    this.from = Math.max(1, from - this.#step)
    this.#step *= 2
  }

  /**
   * Whether a peer that offers both is asked for this one first: root feeds, then what failed least and nobody is asked for;
   * in one feed what most peers offer, then the longest.
   */
  precedes(other: Want): boolean {
    if (this.isRoot !== other.isRoot) return this.isRoot
    if (this.failures !== other.failures) return this.failures < other.failures
    if (this.askedOf.size !== other.askedOf.size) return this.askedOf.size < other.askedOf.size
    if (this.feed !== other.feed) return false
    if (this.offeredBy.size !== other.offeredBy.size) return this.offeredBy.size > other.offeredBy.size
    return this.head.seq > other.head.seq
  }
}
