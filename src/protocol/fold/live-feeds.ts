import type { FeedId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import { MAX_FEED_VOIDS, MAX_LIVE_FEEDS, MAX_LIVE_LISTED_FEEDS, MAX_VOIDED_HEADS } from '../limits.ts'
import type { FeedHead, VoidBody } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { FeedVoid } from './feed-chain.ts'
import { type Delegate, FeedScope } from './feed-scope.ts'
import type { FoldedRecord } from './folded-record.ts'

/** A writer's feed that counts; one object for as long as its root branch counts, which later root records change. */
export interface LiveFeed {
  readonly feed: FeedId
  /** Sequence number of its first live delegate in the root feed: its place in the fold's order. */
  readonly rank: number
  readonly visibility: Visibility
  readonly role: string
  /** The names its ops may touch, of all its delegates. */
  readonly scope: FeedScope
  /** ms since 1970 from which on views do not accept its word, the latest of its delegates; null: never, and so for good. */
  readonly expires: number | null
  readonly ended: FeedVoid | null
}
type Changing = { -readonly [K in keyof LiveFeed]: LiveFeed[K] }

/** What counted root records say about feeds, taken in one by one (specification section 6.2). */
export class RootWord {
  readonly #live = new Map<FeedId, Changing>()
  readonly #voids = new Map<FeedId, { earliest: FeedVoid; count: number }>()
  readonly #heads = new Map<string, FeedHead>()

  /** Live feeds in the order of their first delegate: at most MAX_LIVE_LISTED_FEEDS listed ones, MAX_LIVE_FEEDS others. */
  get live(): ReadonlyMap<FeedId, LiveFeed> {
    return this.#live
  }

  /**
   * Heads that voids name as the end of a true branch, held or not, in the order of the root feed, at most
   * MAX_VOIDED_HEADS; those of voids outdone and of feeds not delegated, too.
   */
  get voidedHeads(): readonly FeedHead[] {
    return [...this.#heads.values()]
  }

  /** Takes the next counted root record. */
  add(record: FoldedRecord): void {
    if (isDelegate(record)) this.#addDelegate(record)
    if (record.understood?.typ === 'void') this.#addVoid(record, record.understood)
  }

  /**
   * The first delegate fixes a feed's visibility and role for life; later ones that agree widen its scope and its time. Who does not
   * know `listed` counts the first of the others, so that one displaces it: else digests would differ.
   */
  #addDelegate(delegate: Delegate): void {
    const { feed, visibility, role, expires = null } = delegate.understood
    const known = this.#live.get(feed)
    if (known === undefined || (known.visibility === 'listed' && visibility !== 'listed')) {
      if (!this.#hasRoom(visibility) || feed === ROOT_FEED) return
      this.#live.delete(feed)
      const scope = new FeedScope()
      scope.add(delegate)
      const ended = this.#voids.get(feed)?.earliest ?? null
      this.#live.set(feed, { feed, rank: delegate.seq, visibility, role, scope, expires, ended })
      return
    }
    if (known.visibility !== visibility) return
    known.scope.add(delegate)
    known.expires = laterExpiry(known.expires, expires)
  }

  #hasRoom(visibility: Visibility): boolean {
    let listed = 0
    for (const live of this.#live.values()) if (live.visibility === 'listed') listed++
    return visibility === 'listed' ? listed < MAX_LIVE_LISTED_FEEDS : this.#live.size - listed < MAX_LIVE_FEEDS
  }

  /** Of several voids of a feed the one with the lowest `from` holds, at equal `from` the first; those beyond the bound are inert. */
  #addVoid({ publisher }: FoldedRecord, { feed, from, head: id }: VoidBody): void {
    const known = this.#voids.get(feed)
    if (known !== undefined && known.count >= MAX_FEED_VOIDS) return
    const earliest = known !== undefined && known.earliest.from <= from ? known.earliest : { from, head: id }
    this.#voids.set(feed, { earliest, count: (known?.count ?? 0) + 1 })
    const live = this.#live.get(feed)
    if (live !== undefined) live.ended = earliest
    if (id !== null && this.#heads.size < MAX_VOIDED_HEADS)
      this.#heads.set(`${feed} ${id}`, { publisher, feed, seq: from - 1, id })
  }
}

const isDelegate = (record: FoldedRecord): record is Delegate => record.understood?.typ === 'delegate'

/** Of two times after which something is not accepted the later; null is never. */
export const laterExpiry = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b)
