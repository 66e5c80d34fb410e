import type { FeedId, PeerId } from '../ids.ts'
import { audienceOf } from './audience.ts'
import { isPublic } from './counted-op.ts'
import type { CountedOps } from './counted-ops.ts'
import type { LiveFeed } from './live-feeds.ts'
import { type LooseState, looseStateOf } from './loose-state.ts'

/** What one publisher's ops say that are about no package, and who is on its lists: computed when asked for, until it may be another. */
export class LooseStates {
  readonly #counted: CountedOps
  readonly #liveFeed: (feed: FeedId) => LiveFeed | null
  #state: LooseState | null = null
  readonly #audiences = new Map<FeedId, ReadonlySet<PeerId>>()

  constructor(counted: CountedOps, liveFeed: (feed: FeedId) => LiveFeed | null) {
    this.#counted = counted
    this.#liveFeed = liveFeed
  }

  now(): LooseState {
    this.#state ??= this.#compute()
    return this.#state
  }

  forget(): void {
    this.#state = null
  }

  /** The peers on the list of a listed feed; none for any other. */
  audienceOf(feed: FeedId): ReadonlySet<PeerId> {
    const known = this.#audiences.get(feed)
    if (known !== undefined) return known
    const audience = this.#audienceNow(feed)
    this.#audiences.set(feed, audience)
    return audience
  }

  forgetAudience(feed: FeedId): void {
    this.#audiences.delete(feed)
  }

  forgetAudiences(): void {
    this.#audiences.clear()
  }

  #compute(): LooseState {
    const all = [...this.#counted.loose()]
    const counted = all.filter(({ isCounted }) => isCounted).map(({ op }) => op)
    const behind = all.filter(({ isCounted, op }) => !isCounted && isPublic(op)).map(({ op }) => op)
    return looseStateOf(counted, behind)
  }

  #audienceNow(feed: FeedId): ReadonlySet<PeerId> {
    const live = this.#liveFeed(feed)
    if (live?.visibility !== 'listed') return new Set()
    const all = [...this.#counted.loose()].filter(({ op }) => op.feed === live)
    const counted = all.filter(({ isCounted }) => isCounted).map(({ op }) => op)
    return audienceOf(
      counted,
      all.filter(({ isCounted }) => !isCounted).map(({ op }) => op.op),
    )
  }
}
