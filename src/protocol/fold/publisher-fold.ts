import type { FeedId, PackageName, PeerId, PublisherId, RecordId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import { audienceOf } from './audience.ts'
import type { FeedState, MemberState, PackageState, PublisherCatalogue, StopReason } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { countedOpsOf, packageNamedBy } from './counted-op.ts'
import type { FeedVoid } from './feed-chain.ts'
import { type FeedChain, feedChainOf, growChain } from './feed-chain.ts'
import type { ScopeMark } from './feed-scope.ts'
import { feedStateOf } from './feed-state.ts'
import { type FoldedRecord, foldedOf } from './folded-record.ts'
import type { LiveFeed } from './live-feeds.ts'
import { type LooseState, looseStateOf } from './loose-state.ts'
import { isLoose, OpIndex } from './op-index.ts'
import { PackageStates } from './package-states.ts'
import { FeedRecords } from './record-set.ts'
import { RootChain } from './root-chain.ts'

const NOTHING: FeedChain = { counted: [], reason: 'open' }

/** A live feed with what of it is in the index. */
interface CountedFeed {
  readonly live: LiveFeed
  readonly counted: FoldedRecord[]
  reason: StopReason
  /** The scope and the void that `counted` was counted with. */
  mark: ScopeMark
  ended: FeedVoid | null
}

/** One publisher's catalogue kept up to date: equal to foldPublisher over all records added, whatever the batches. */
export class PublisherFold {
  readonly publisher: PublisherId
  readonly #records = new Map<FeedId, FeedRecords>()
  readonly #feeds = new Map<FeedId, CountedFeed>()
  readonly #index = new OpIndex()
  readonly #states = new PackageStates(this.#index)
  readonly #root: RootChain
  #loose: LooseState | null = null
  readonly #audiences = new Map<FeedId, ReadonlySet<PeerId>>()

  constructor(publisher: PublisherId) {
    this.publisher = publisher
    this.#root = new RootChain(publisher, this.#recordsOf(ROOT_FEED))
  }

  /** Adds a batch; returns the packages whose state may be another. */
  add(records: Iterable<WellFormedRecord>): Set<PackageName> {
    const fresh = this.#keep(records)
    const touched = new Set<PackageName>()
    this.#forgetLists(fresh)
    this.#root.add(fresh.get(ROOT_FEED) ?? [])
    if (fresh.has(ROOT_FEED)) this.#followRoot(touched)
    for (const [feed, added] of fresh) this.#extend(feed, added, touched)
    this.#states.forget(touched)
    return touched
  }

  /** The state of one package; null when no counted op names it. */
  package(name: PackageName): PackageState | null {
    return this.#states.of(name)
  }

  /** The records that make a feed's word about a package this publisher's: genesis, rotates, delegate; null if none do. */
  delegationOf(feed: FeedId, name: PackageName): readonly RecordId[] | null {
    return this.#root.delegationOf(feed, name)
  }

  /** Heads that counted voids name as the end of a true branch, held or not. */
  voidedHeads(): readonly FeedHead[] {
    return this.#root.word.voidedHeads
  }

  /** What the records add up to now; `packages` is the live map, valid until the next `add`. */
  catalogue(): PublisherCatalogue {
    const feeds: FeedState[] = [feedStateOf(this.#root, null)]
    for (const live of this.#root.word.live.values()) {
      feeds.push(feedStateOf(this.#feeds.get(live.feed) ?? NOTHING, live))
    }
    const { publisher } = this
    const { packages, digest } = this.#states.all(feeds)
    return { publisher, feeds, packages, ...this.#looseState(), voidedHeads: this.voidedHeads(), digest }
  }

  /** Who may see a feed; null while no counted delegate names it. */
  visibilityOf(feed: FeedId): Visibility | null {
    return feed === ROOT_FEED ? 'public' : (this.#root.word.live.get(feed)?.visibility ?? null)
  }

  /** The peers on the list of a listed feed; none for any other. */
  audienceOf(feed: FeedId): ReadonlySet<PeerId> {
    const known = this.#audiences.get(feed)
    if (known !== undefined) return known
    const audience = this.#audienceNow(feed)
    this.#audiences.set(feed, audience)
    return audience
  }

  /** Of whom the public feeds say that they belong to a private network, or no longer do. */
  members(): ReadonlyMap<PeerId, MemberState> {
    return this.#looseState().members
  }

  #audienceNow(feed: FeedId): ReadonlySet<PeerId> {
    const known = this.#feeds.get(feed)
    if (known?.live.visibility !== 'listed') return new Set()
    const ops = this.#index.loose().filter(op => op.feed === known.live)
    return audienceOf(ops, this.#recordsOf(feed).behind(known.counted))
  }

  #looseState(): LooseState {
    this.#loose ??= looseStateOf(this.#index.loose(), this.#opsBehind())
    return this.#loose
  }

  /** Ops of public feeds that are held and do not count. */
  #opsBehind(): CountedOp[] {
    const open = [...this.#feeds.values()].filter(({ live }) => live.visibility === 'public')
    return open.flatMap(({ live, counted }) => opsIn(this.#recordsOf(live.feed).behind(counted), live))
  }

  /** Who is taken off a list is so also by records that do not count: those change no op that does. */
  #forgetLists(fresh: ReadonlyMap<FeedId, readonly FoldedRecord[]>): void {
    for (const feed of fresh.keys()) this.#audiences.delete(feed)
    if (fresh.has(ROOT_FEED)) this.#audiences.clear()
    if (fresh.has(ROOT_FEED) || [...fresh.values()].some(added => added.some(saysMember))) this.#loose = null
  }

  #recordsOf(feed: FeedId): FeedRecords {
    const known = this.#records.get(feed)
    if (known !== undefined) return known
    const records = new FeedRecords(feed)
    this.#records.set(feed, records)
    return records
  }

  /** Keeps what is new of a batch; returns it by feed. */
  #keep(records: Iterable<WellFormedRecord>): Map<FeedId, FoldedRecord[]> {
    const fresh = new Map<FeedId, FoldedRecord[]>()
    for (const record of records) {
      if (record.publisher !== this.publisher) continue
      const held = this.#recordsOf(record.feed)
      const folded = foldedOf(record, held)
      if (!held.add(folded)) continue
      const added = fresh.get(folded.feed)
      if (added === undefined) fresh.set(folded.feed, [folded])
      else added.push(folded)
    }
    return fresh
  }

  /** Does what the root says of feeds now: counts those that start, no longer counts those that are gone, follows what changed. */
  #followRoot(touched: Set<PackageName>): void {
    const { live: wanted } = this.#root.word
    for (const [feed, known] of this.#feeds) {
      if (wanted.get(feed) === known.live) continue
      this.#feeds.delete(feed)
      this.#withdraw(known.counted, known.live, touched)
    }
    for (const [feed, live] of wanted) {
      const known = this.#feeds.get(feed) ?? this.#start(live)
      if (known.ended !== live.ended || known.counted.length === 0) this.#replace(known, touched)
      this.#widen(known, touched)
    }
  }

  #start(live: LiveFeed): CountedFeed {
    const feed: CountedFeed = { live, counted: [], reason: 'open', mark: live.scope.mark(), ended: live.ended }
    this.#feeds.set(live.feed, feed)
    return feed
  }

  /** Counts a feed's chain anew, changing only what differs. */
  #replace(known: CountedFeed, touched: Set<PackageName>): void {
    const { live, counted } = known
    const chain = feedChainOf(this.#recordsOf(live.feed), live.ended)
    const same = commonLength(counted, chain.counted)
    this.#withdraw(counted.splice(same), live, touched)
    const added = chain.counted.slice(same)
    this.#count(added, live, touched)
    for (const record of added) counted.push(record)
    known.reason = chain.reason
    known.ended = live.ended
  }

  /** Counts what came into a feed's scope since it was counted. */
  #widen(known: CountedFeed, touched: Set<PackageName>): void {
    const { live, counted, mark: before } = known
    const mark = live.scope.mark()
    if (mark.patterns === before.patterns && mark.isEverything === before.isEverything) return
    known.mark = mark
    for (const op of opsIn(counted, live)) {
      const isNew = packageNamedBy(op.op) !== null && !this.#index.has(op.key)
      if (isNew) this.#index.add(op)
      for (const name of this.#index.packagesTouchedBy(op))
        if (!live.scope.covers(shortNameOf(name), before)) touched.add(name)
    }
  }

  /** Brings one feed's chain up to date with new records of it; a void that was followed to its end is settled. */
  #extend(feed: FeedId, added: readonly FoldedRecord[], touched: Set<PackageName>): void {
    const known = this.#feeds.get(feed)
    if (known === undefined) return
    const { live, counted } = known
    if (live.ended !== null) {
      if (live.ended.head !== null && counted.length === 0) this.#replace(known, touched)
      return
    }
    const lowest = added.reduce((low, { seq }) => Math.min(low, seq), added[0]?.seq ?? 1)
    if (lowest <= counted.length) this.#withdraw(counted.splice(lowest - 1), live, touched)
    const from = counted.length
    known.reason = growChain(this.#recordsOf(feed), counted)
    this.#count(counted.slice(from), live, touched)
  }

  #count(records: readonly FoldedRecord[], live: LiveFeed, touched: Set<PackageName>): void {
    const ops = opsIn(records, live)
    for (const op of ops) this.#index.add(op)
    this.#touch(ops, touched)
  }

  #withdraw(records: readonly FoldedRecord[], live: LiveFeed, touched: Set<PackageName>): void {
    const ops = opsIn(records, live)
    this.#touch(ops, touched)
    for (const op of ops) this.#index.remove(op)
  }

  #touch(ops: readonly CountedOp[], touched: Set<PackageName>): void {
    if (ops.some(isLoose)) this.#loose = null
    for (const op of ops) for (const name of this.#index.packagesTouchedBy(op)) touched.add(name)
  }
}

const saysMember = ({ understood }: FoldedRecord): boolean =>
  understood?.typ === 'ops' && understood.ops.some(({ op }) => op === 'member')
const opsIn = (records: readonly FoldedRecord[], live: LiveFeed): CountedOp[] =>
  records.flatMap(record => countedOpsOf(record, live))

function commonLength(a: readonly FoldedRecord[], b: readonly FoldedRecord[]): number {
  let length = 0
  while (length < a.length && a[length]?.id === b[length]?.id) length++
  return length
}
