import type { Clock } from '../../federation/index.ts'
import type { PublisherId, WellFormedRecord } from '../../protocol/index.ts'
import { APPLY_MS, APPLY_SOON_MS, MAX_EVICTIONS } from './limits.ts'
import type { SpentQuota, UnknownQuota } from './quota.ts'
import type { UnknownBook } from './unknown-book.ts'
import { UnknownPublishers } from './unknown-publishers.ts'

export interface FollowEverythingParts {
  readonly quota: UnknownQuota
  readonly book: UnknownBook
  readonly clock: Clock
  /** ms since 1970. */
  readonly now: () => number
  /** Whether everything public is followed, as the operator says now. */
  readonly isOn: () => boolean
  /** Whether the operator decided about a publisher, or it is this node's own: it is not unknown then. */
  readonly isKnown: (publisher: PublisherId) => boolean
  /** Whether a publisher's records stay whatever it costs: something was installed from it. */
  readonly isKept: (publisher: PublisherId) => boolean
  /** Publishers with records here, and how much those are. */
  readonly heldPublishers: () => readonly PublisherId[]
  readonly sizeOf: (publisher: PublisherId) => Promise<{ readonly records: number; readonly bytes: number }>
  /** Asks for the records of some, and of others no more. */
  readonly apply: (follow: readonly PublisherId[], unfollow: readonly PublisherId[]) => void
  /** Removes all records of a publisher from this node. */
  readonly remove: (publisher: PublisherId) => Promise<void>
  readonly onFault: (message: string, cause: unknown) => void
}

/**
 * `follow '*'`: whoever is heard of is followed as unknown, within quotas, and whole publishers go when there is no room. Newcomers,
 * pauses and evictions are carried out together every few seconds.
 */
export class FollowEverything implements AsyncDisposable {
  readonly #parts: FollowEverythingParts
  readonly #unknown: UnknownPublishers
  /** Followed of sync now. */
  readonly #followed = new Set<PublisherId>()
  readonly #changed = new Set<PublisherId>()
  #isClosed = false
  /** The timer was set to APPLY_SOON_MS: more news does not put it off. */
  #isSoon = false
  /** When what is followed was last changed, ms of the clock. */
  #appliedAt = Number.NEGATIVE_INFINITY
  #cancelTimer = () => {}
  #work: Promise<void> = Promise.resolve()

  private constructor(parts: FollowEverythingParts, unknown: UnknownPublishers) {
    this.#parts = parts
    this.#unknown = unknown
  }

  static async open(parts: FollowEverythingParts): Promise<FollowEverything> {
    const { standings, evicted } = await parts.book.read()
    const unknown = new UnknownPublishers(parts.quota, standings, evicted)
    const everything = new FollowEverything(parts, unknown)
    everything.#wake()
    return everything
  }

  /** Whether records of an unknown publisher are taken in now. */
  isFollowed(publisher: PublisherId): boolean {
    return this.#followed.has(publisher) && !this.#parts.isKnown(publisher)
  }

  /** Whether it is here because everything is followed, its quota spent or not. */
  isUnknown(publisher: PublisherId): boolean {
    return this.#unknown.of(publisher) !== undefined && !this.#parts.isKnown(publisher)
  }

  /** The quota that an unknown publisher spent: nothing more of it is taken in. */
  spentOf(publisher: PublisherId): SpentQuota | null {
    return this.isUnknown(publisher) ? this.#unknown.spentOf(publisher, this.#parts.now()) : null
  }

  /** Figures for people; `spent` is how many spent a quota. */
  sums(): { readonly publishers: number; readonly bytes: number; readonly spent: number } {
    const { size, bytes } = this.#unknown
    return { publishers: size, bytes, spent: this.#unknown.spent(this.#parts.now()) }
  }

  /** Peers told of publishers: by gossip, in their lists, by changed heads. */
  heard(publishers: Iterable<PublisherId>): void {
    const { isOn, isKnown, now, clock } = this.#parts
    if (!isOn()) return
    let isNews = false
    for (const publisher of publishers) {
      if (isKnown(publisher) || !this.#unknown.heard(publisher, now())) continue
      this.#changed.add(publisher)
      isNews = true
    }
    if (!isNews || this.#isSoon || clock.now() - this.#appliedAt < APPLY_MS) return
    this.#isSoon = true
    this.#wake(APPLY_SOON_MS)
  }

  /** Records were stored: whoever spent its quota with them is followed no more from now on. */
  stored(records: readonly WellFormedRecord[]): void {
    const spent: PublisherId[] = []
    for (const { publisher, envelope } of records) {
      if (this.#unknown.of(publisher) === undefined) continue
      const isSpent = this.#unknown.stored(publisher, 1, envelope.length, this.#parts.now())
      this.#changed.add(publisher)
      if (isSpent && this.isFollowed(publisher) && this.#followed.delete(publisher)) spent.push(publisher)
    }
    if (spent.length > 0) this.#parts.apply([], spent)
  }

  /** The operator's decisions, newcomers and quotas are carried out as they are now; so they are every few seconds. */
  settle(): Promise<void> {
    this.#work = this.#work
      .then(() => this.#settle())
      .catch(cause => {
        this.#parts.onFault('unknown publishers could not be looked through', cause)
      })
    return this.#work
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#work
    await this.#write().catch(cause => this.#parts.onFault('unknown publishers were not noted', cause))
  }

  #wake(afterMs = APPLY_MS): void {
    if (this.#isClosed) return
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(afterMs, () => {
      this.#isSoon = false
      void this.settle().finally(() => this.#wake())
    })
  }

  async #settle(): Promise<void> {
    if (this.#isClosed) return
    const { isOn, isKnown, now, isKept } = this.#parts
    for (const publisher of this.#unknown.all()) if (isKnown(publisher)) this.#leave(publisher)
    const wasOn = isOn()
    const returned = wasOn ? await this.#takeHeld() : []
    // What nobody chose goes with the choice to follow everything.
    const surplus = wasOn ? this.#unknown.surplus(isKept, now()) : this.#unknown.all()
    const mayGo = surplus.values().filter(id => wasOn || !isKept(id))
    const gone = mayGo.take(MAX_EVICTIONS).toArray()
    this.#apply(new Set(gone))
    for (const publisher of returned) if (this.#mayGo(publisher, wasOn)) await this.#parts.remove(publisher)
    for (const publisher of gone) {
      if (!this.#mayGo(publisher, wasOn)) continue
      await this.#parts.remove(publisher)
      this.#changed.add(publisher)
      if (!wasOn) {
        this.#unknown.forget(publisher)
        continue
      }
      const forgotten = this.#unknown.evicted(publisher, now())
      if (forgotten !== null) this.#changed.add(forgotten)
    }
    await this.#write()
  }

  /** Asked right before each removal: while others were removed the operator may have decided otherwise, or installed from it. */
  #mayGo(publisher: PublisherId, wasOn: boolean): boolean {
    const { isOn, isKnown, isKept } = this.#parts
    return isOn() === wasOn && !isKnown(publisher) && !isKept(publisher)
  }

  /** Publishers followed by name before have records here. Those that were on their way as one was evicted are to be removed: given back. */
  async #takeHeld(): Promise<PublisherId[]> {
    const { heldPublishers, isKnown, isKept, sizeOf, now } = this.#parts
    const returned: PublisherId[] = []
    for (const publisher of heldPublishers()) {
      if (isKnown(publisher) || this.#unknown.of(publisher) !== undefined) continue
      if (this.#unknown.isOut(publisher, now()) && !isKept(publisher)) {
        returned.push(publisher)
        continue
      }
      const { records, bytes } = await sizeOf(publisher)
      this.#unknown.held(publisher, records, bytes, now())
      this.#changed.add(publisher)
    }
    return returned
  }

  #leave(publisher: PublisherId): void {
    this.#unknown.forget(publisher)
    this.#followed.delete(publisher)
    this.#changed.add(publisher)
  }

  #apply(gone: ReadonlySet<PublisherId>): void {
    const { isOn, now, apply, clock } = this.#parts
    const wanted = new Set(isOn() ? this.#unknown.followed(now()).filter(id => !gone.has(id)) : [])
    const follow = [...wanted].filter(id => !this.#followed.has(id))
    const unfollow = [...this.#followed].filter(id => !wanted.has(id))
    for (const id of unfollow) this.#followed.delete(id)
    for (const id of follow) this.#followed.add(id)
    if (follow.length + unfollow.length === 0) return
    this.#appliedAt = clock.now()
    apply(follow, unfollow)
  }

  async #write(): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    try {
      await this.#parts.book.write(changed, this.#unknown)
    } catch (error) {
      for (const publisher of changed) this.#changed.add(publisher)
      throw error
    }
  }
}
