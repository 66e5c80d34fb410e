import { randomUUID } from 'node:crypto'
import type { FeedId, HeadCookie, PublisherId } from '../../protocol/index.ts'
import { MAX_LOGGED_FEEDS, MAX_REPLACED_CHANGES } from './limits.ts'

/** Stands for all feeds of a publisher. */
const EVERY_FEED = '*'

interface Change {
  readonly publisher: PublisherId
  readonly feed: FeedId | typeof EVERY_FEED
  /** ms since this run began. */
  readonly at: number
}

/** Feeds that may have other heads than before, by publisher; null: all of it. */
export type ChangedFeeds = ReadonlyMap<PublisherId, ReadonlySet<FeedId> | null>

/**
 * When the heads of each feed last changed, or who may have them: at most one entry a feed. The law, which
 * `test/federation/sync/head-log.test.ts` checks: what a peer was told up to a cookie, and what it is told since, are together all
 * that it may have now. Whatever makes a feed servable that was not is therefore a change (`touch`).
 * A cookie is a time and no count, so that it tells nobody how often feeds changed that are not theirs.
 */
export class HeadLog {
  readonly #boot = randomUUID()
  readonly #now: () => number
  readonly #changes = new Map<string, Change>()
  /** In the order of time; what a later change of the same feed replaced says no more than that, and is dropped now and then. */
  #order: Change[] = []
  /** Cookies up to here may miss what was forgotten. */
  #forgottenAt = -1
  #latest = 0

  readonly #most: number

  /** `now`: ms, never going back; `most`: feeds whose last change is remembered. */
  constructor(now: () => number = () => performance.now(), most = MAX_LOGGED_FEEDS) {
    this.#now = now
    this.#most = most
  }

  /** Changes remembered, replaced ones included. */
  get size(): number {
    return this.#order.length
  }

  /** A record of the feed was stored. */
  changed(publisher: PublisherId, feed: FeedId): void {
    this.#add({ publisher, feed, at: this.#time() })
  }

  /** A publisher's feeds may be served to peers that they were not served to, or could not be read before. */
  touch(publisher: PublisherId): void {
    this.#add({ publisher, feed: EVERY_FEED, at: this.#time() })
  }

  /** This moment; taken before heads are read. */
  cookie(): HeadCookie {
    return { boot: this.#boot, at: this.#time() }
  }

  /** Changes, replaced ones included, that `since` goes through; null: what changed is not known any more. */
  lengthSince({ boot, at }: HeadCookie): number | null {
    if (boot !== this.#boot || at <= this.#forgottenAt || at > this.#time()) return null
    return this.#order.length - this.#firstAt(at)
  }

  /** What changed of the publishers that are meant since a cookie was taken; null: not known any more. */
  since(cookie: HeadCookie, isMeant: (publisher: PublisherId) => boolean): ChangedFeeds | null {
    const length = this.lengthSince(cookie)
    if (length === null) return null
    const changed = new Map<PublisherId, Set<FeedId> | null>()
    for (let i = this.#order.length - length; i < this.#order.length; i++) {
      const { publisher, feed } = this.#order[i]!
      if (!isMeant(publisher)) continue
      const feeds = changed.get(publisher)
      if (feed === EVERY_FEED) changed.set(publisher, null)
      else if (feeds !== null) changed.set(publisher, (feeds ?? new Set()).add(feed))
    }
    return changed
  }

  #add(change: Change): void {
    const key = keyOf(change)
    this.#changes.delete(key)
    this.#changes.set(key, change)
    this.#order.push(change)
    if (this.#changes.size > this.#most) {
      const [oldest, { at }] = this.#changes.entries().next().value!
      this.#changes.delete(oldest)
      this.#forgottenAt = at
    }
    if (this.#order.length > 2 * this.#changes.size + Math.min(this.#most, MAX_REPLACED_CHANGES))
      this.#order = [...this.#changes.values()]
  }

  #time(): number {
    this.#latest = Math.max(this.#latest, Math.floor(this.#now()))
    return this.#latest
  }

  /** Where the changes of a time or later begin. */
  #firstAt(at: number): number {
    let low = 0
    for (let high = this.#order.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.#order[middle]!.at < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

const keyOf = ({ publisher, feed }: Change): string => `${publisher}/${feed}`
