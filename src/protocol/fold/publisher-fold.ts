import type { FeedId, PackageName, PeerId, PublisherId, RecordId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { FeedState, MemberState, PackageState, PublisherCatalogue } from './catalogue.ts'
import { CountedOps } from './counted-ops.ts'
import { CountedRecords } from './counted-records.ts'
import { feedStateOf } from './feed-state.ts'
import { type FoldedRecord, foldedOf } from './folded-record.ts'
import { HeldOps } from './held-ops.ts'
import { HeldRecords } from './held-records.ts'
import type { KeptFew } from './kept-few.ts'
import type { LiveFeed } from './live-feeds.ts'
import { LooseStates } from './loose-states.ts'
import { type KeptState, PackageStates } from './package-states.ts'
import type { RecordBodies } from './record-bodies.ts'
import { FeedRecords } from './record-set.ts'
import { RootChain } from './root-chain.ts'

export interface PublisherFoldParts {
  readonly publisher: PublisherId
  /** Where writers' records are read again. */
  readonly bodies: RecordBodies
  /** Few states of packages, of all publishers. */
  readonly kept: KeptFew<string, KeptState>
  /** No other fold has it that shares the states. */
  readonly number: number
}

/** Records of one batch that are new. */
interface Fresh {
  readonly root: readonly FoldedRecord[]
  /** Writers' records by number, by feed. */
  readonly byFeed: ReadonlyMap<FeedId, readonly number[]>
  /** Whether any says who is a member, or is of the root: what is loose is then counted anew. */
  readonly bearsOnLoose: boolean
}

/**
 * One publisher's catalogue kept up to date: equal to foldPublisher over all records added, whatever the batches. Of writers' records
 * it keeps where they lie and which packages they name; what they say is read again from `bodies`, never while it adds.
 */
export class PublisherFold {
  readonly #publisher: PublisherId
  readonly #bodies: RecordBodies
  readonly #held = new HeldRecords()
  readonly #ops = new HeldOps()
  readonly #feeds = new Map<FeedId, CountedRecords>()
  readonly #counted: CountedOps
  readonly #states: PackageStates
  readonly #rootRecords = new FeedRecords(ROOT_FEED)
  readonly #root: RootChain
  readonly #loose: LooseStates
  #statesHolders = false

  constructor({ publisher, bodies, kept, number }: PublisherFoldParts) {
    this.#publisher = publisher
    this.#bodies = bodies
    this.#root = new RootChain(publisher, this.#rootRecords)
    const [held, ops] = [this.#held, this.#ops]
    this.#counted = new CountedOps({ publisher, held, ops, bodies })
    this.#loose = new LooseStates(this.#counted, feed => this.#feeds.get(feed)?.live ?? null)
    this.#states = new PackageStates({ held, ops, counted: this.#counted, kept, prefix: `${number}:` })
  }

  /** Adds a batch; returns the packages whose state may be another. */
  add(records: Iterable<WellFormedRecord>): Set<PackageName> {
    const fresh = this.#keep(records)
    const touched = new Set<number>()
    // Who is taken off a list is so also by records that do not count: those change no op that does.
    for (const feed of fresh.byFeed.keys()) this.#loose.forgetAudience(feed)
    if (fresh.root.length > 0) this.#loose.forgetAudiences()
    if (fresh.bearsOnLoose) this.#loose.forget()
    if (fresh.root.length > 0) {
      this.#root.add(fresh.root)
      this.#followRoot(touched)
    }
    for (const [feed, added] of fresh.byFeed) this.#extend(feed, added, touched)
    return new Set(touched.values().map(pkg => this.#ops.nameOf(pkg)))
  }

  /** Whether any op that counts names a package. */
  has(name: PackageName): boolean {
    const pkg = this.#ops.packageOf(name)
    return pkg !== null && this.#counted.hasAny(pkg)
  }

  /** Packages that any held op names, whether it counts or not. */
  get names(): readonly PackageName[] {
    return this.#ops.names
  }

  /** Whether any held op says who holds what, whether it counts or not. */
  get statesHolders(): boolean {
    return this.#statesHolders
  }

  /** What is said of who holds what. */
  holds(): PublisherCatalogue['holds'] {
    return this.#loose.now().holds
  }

  /** The state of one package; null when no counted op names it. @throws what `bodies` throws */
  package(name: PackageName): PackageState | null {
    const pkg = this.#ops.packageOf(name)
    return pkg === null ? null : this.#states.of(pkg)
  }

  /** Sums a package up for the digest. @throws what `bodies` throws */
  settle(name: PackageName): void {
    const pkg = this.#ops.packageOf(name)
    if (pkg !== null) this.#states.settle(pkg)
  }

  /** The records that make a feed's word about a package this publisher's: genesis, rotates, delegate; null if none do. */
  delegationOf(feed: FeedId, name: PackageName): readonly RecordId[] | null {
    return this.#root.delegationOf(feed, name)
  }

  /** Heads that counted voids name as the end of a true branch, held or not. */
  voidedHeads(): readonly FeedHead[] {
    return this.#root.word.voidedHeads
  }

  /** What the records add up to now, valid until the next `add`; packages and digest are read when they are asked for. */
  catalogue(): PublisherCatalogue {
    const feeds = this.#feedStates()
    const states = this.#states
    const { profile, holds, members } = this.#loose.now()
    return {
      ...{ publisher: this.#publisher, feeds, profile, holds, members, voidedHeads: this.voidedHeads() },
      get packages() {
        return states.all
      },
      get releases() {
        return states.releases()
      },
      get digest() {
        return states.digest(feeds)
      },
    }
  }

  /** Who may see a feed; null while no counted delegate names it. */
  visibilityOf(feed: FeedId): Visibility | null {
    return feed === ROOT_FEED ? 'public' : (this.#root.word.live.get(feed)?.visibility ?? null)
  }

  /** The peers on the list of a listed feed; none for any other. */
  audienceOf(feed: FeedId): ReadonlySet<PeerId> {
    return this.#loose.audienceOf(feed)
  }

  /** Of whom the public feeds say that they belong to a private network, or no longer do. */
  members(): ReadonlyMap<PeerId, MemberState> {
    return this.#loose.now().members
  }

  #feedStates(): FeedState[] {
    const lives = [...this.#root.word.live.values()]
    const states = lives.map(
      live => this.#feeds.get(live.feed)?.state() ?? feedStateOf({ counted: [], reason: 'open' }, live),
    )
    return [feedStateOf(this.#root, null), ...states]
  }

  /** Keeps what is new of a batch. */
  #keep(records: Iterable<WellFormedRecord>): Fresh {
    const root: FoldedRecord[] = []
    const byFeed = new Map<FeedId, number[]>()
    let bearsOnLoose = false
    for (const record of records) {
      if (record.publisher !== this.#publisher) continue
      if (record.feed === ROOT_FEED) {
        const folded = foldedOf(record, this.#rootRecords)
        if (this.#rootRecords.add(folded)) root.push(folded)
        continue
      }
      const number = this.#held.add(record)
      if (number === null) continue
      const { understood } = record
      const ops = understood?.typ === 'ops' ? understood.ops : []
      this.#ops.add(number, this.#held.feedOf(number), ops)
      this.#bodies.keep(record)
      this.#statesHolders ||= ops.some(({ op }) => op === 'holds')
      bearsOnLoose ||= ops.some(({ op }) => op === 'member')
      const added = byFeed.get(record.feed)
      if (added === undefined) byFeed.set(record.feed, [number])
      else added.push(number)
    }
    return { root, byFeed, bearsOnLoose: bearsOnLoose || root.length > 0 }
  }

  /** Does what the root says of feeds now: counts those that start, no longer counts those that are gone, follows what changed. */
  #followRoot(touched: Set<number>): void {
    const { live: wanted } = this.#root.word
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

  /** Brings one feed's chain up to date with new records of it; a void that was followed to its end is settled. */
  #extend(feed: FeedId, added: readonly number[], touched: Set<number>): void {
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
