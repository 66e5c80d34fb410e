import type { FeedId } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { FeedState } from './catalogue.ts'
import type { CountedOps } from './counted-ops.ts'
import { CountedRecords } from './counted-records.ts'
import type { HeldOps } from './held-ops.ts'
import type { HeldRecords } from './held-records.ts'
import type { LiveFeed, RootWord } from './live-feeds.ts'
import type { LooseStates } from './loose-states.ts'
import type { PackageStates } from './package-states.ts'

export interface CountedFeedsParts {
  readonly held: HeldRecords
  readonly ops: HeldOps
  readonly counted: CountedOps
  /** Told what changes for a package. */
  readonly states: PackageStates
  readonly loose: LooseStates
}

/**
 * Which records of one publisher's live feeds count, kept up to date with what the root says of the feeds and with new records.
 * Packages whose state may be another then are put into `touched`: seen before records leave and after they come.
 */
export class CountedFeeds {
  readonly #held: HeldRecords
  readonly #ops: HeldOps
  readonly #counted: CountedOps
  readonly #states: PackageStates
  readonly #loose: LooseStates
  readonly #feeds = new Map<FeedId, CountedRecords>()

  constructor({ held, ops, counted, states, loose }: CountedFeedsParts) {
    this.#held = held
    this.#ops = ops
    this.#counted = counted
    this.#states = states
    this.#loose = loose
  }

  /** The feed as the root has it; null: its records do not count. */
  live(feed: FeedId): LiveFeed | null {
    return this.#feeds.get(feed)?.live ?? null
  }

  /** How far a feed counts; null: its records do not. */
  state(feed: FeedId): FeedState | null {
    return this.#feeds.get(feed)?.state() ?? null
  }

  /** Does what the root says of feeds now: counts those that start, no longer counts those that are gone, follows what changed. */
  followRoot(wanted: RootWord['live'], touched: Set<number>): void {
    for (const [feed, known] of this.#feeds) {
      if (wanted.get(feed) === known.live) continue
      this.#spoil(known.after(0), touched)
      this.#feeds.delete(feed)
      this.#counted.setFeed(known.feed, undefined)
    }
    for (const [feed, live] of wanted) {
      const known = this.#feeds.get(feed) ?? this.#start(live)
      if (known.hasTurned || known.length === 0) this.#replace(known, touched)
      this.#widen(known, touched)
    }
  }

  /** Brings one feed's chain up to date with new records of it; a void that was followed to its end is settled. */
  extend(feed: FeedId, added: readonly number[], touched: Set<number>): void {
    const known = this.#feeds.get(feed)
    if (known === undefined) return
    const { ended } = known.live
    if (ended !== null) {
      if (ended.head !== null && known.length === 0) this.#replace(known, touched)
      return
    }
    const lowest = added.reduce((low, record) => Math.min(low, this.#held.seqOf(record)), Number.POSITIVE_INFINITY)
    if (lowest <= known.length) {
      this.#spoil(known.after(lowest - 1), touched)
      known.cut(lowest - 1)
    }
    this.#grow(known, touched)
  }

  #start(live: LiveFeed): CountedRecords {
    const feed = new CountedRecords(live, this.#held)
    this.#feeds.set(live.feed, feed)
    this.#counted.setFeed(feed.feed, feed)
    return feed
  }

  /** Counts a feed's chain anew, changing only what differs. */
  #replace(known: CountedRecords, touched: Set<number>): void {
    const { ended } = known.live
    if (ended === null) {
      this.#grow(known, touched)
      return
    }
    const { records, same } = known.branch(ended)
    this.#spoil(known.after(same), touched)
    known.cut(same)
    known.follow(records.slice(same), ended)
    this.#spoil(records.slice(same), touched)
  }

  /** Counts what came into a feed's scope since it was counted. */
  #widen(known: CountedRecords, touched: Set<number>): void {
    const { live, mark: before } = known
    const mark = live.scope.mark()
    if (mark.patterns === before.patterns && mark.isEverything === before.isEverything) return
    known.mark = mark
    const widened = new Set<number>()
    for (const record of known)
      for (const op of this.#ops.of(record)) for (const pkg of this.#counted.touchedBy(op)) widened.add(pkg)
    for (const pkg of widened) {
      if (live.scope.covers(shortNameOf(this.#ops.nameOf(pkg)), before)) continue
      touched.add(pkg)
      this.#states.forget(pkg)
    }
  }

  #grow(known: CountedRecords, touched: Set<number>): void {
    const from = known.length
    known.grow()
    for (const record of known.after(from)) {
      for (const op of this.#ops.of(record)) {
        const named = this.#ops.packageNamedBy(op)
        const isMark = this.#ops.markAt(op) !== null
        if (this.#ops.loose().has(op)) this.#loose.forget()
        for (const pkg of this.#counted.touchedBy(op)) {
          touched.add(pkg)
          if (pkg === named && !isMark) this.#states.grow(pkg, op)
          else this.#states.forget(pkg)
        }
      }
    }
  }

  /** Has what records bear on computed anew: before they no longer count, or once they do. */
  #spoil(records: readonly number[], touched: Set<number>): void {
    for (const record of records) {
      for (const op of this.#ops.of(record)) {
        if (this.#ops.loose().has(op)) this.#loose.forget()
        for (const pkg of this.#counted.touchedBy(op)) {
          touched.add(pkg)
          this.#states.forget(pkg)
        }
      }
    }
  }
}
