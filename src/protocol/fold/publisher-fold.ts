import type { FeedId, PackageName, PublisherId, RecordId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { FeedState, PackageState, PublisherCatalogue } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { countedOpsOf } from './counted-op.ts'
import { addToSum, packageDigestOf, publisherDigestOf, takeFromSum } from './digest.ts'
import type { FeedChain } from './feed-chain.ts'
import { extendChain, feedChainOf } from './feed-chain.ts'
import { feedStateOf } from './feed-state.ts'
import type { LiveFeed } from './live-feeds.ts'
import { looseStateOf } from './loose-state.ts'
import { OpIndex } from './op-index.ts'
import { packageStateOf } from './package-state.ts'
import { FeedRecords } from './record-set.ts'
import type { RootState } from './root-chain.ts'
import { delegationOf, rootStateOf } from './root-chain.ts'

const NOTHING: FeedChain = { counted: [], reason: 'open' }

/** One publisher's catalogue kept up to date: equal to foldPublisher over all records added, whatever the batches. */
export class PublisherFold {
  readonly publisher: PublisherId
  readonly #records = new Map<FeedId, FeedRecords>()
  readonly #chains = new Map<FeedId, { readonly live: LiveFeed; readonly chain: FeedChain }>()
  readonly #index = new OpIndex()
  readonly #packages = new Map<PackageName, PackageState>()
  readonly #digests = new Map<PackageName, bigint>()
  #root: RootState
  #sum = 0n

  constructor(publisher: PublisherId) {
    this.publisher = publisher
    this.#root = rootStateOf(publisher, this.#recordsOf(ROOT_FEED))
  }

  /** Adds a batch; returns the packages whose state was computed again. */
  add(records: Iterable<WellFormedRecord>): Set<PackageName> {
    const changed = this.#keep(records)
    const touched = new Set<PackageName>()
    if (changed.has(ROOT_FEED)) this.#changeRoot(touched)
    for (const [feed, lowest] of changed) this.#recount(feed, lowest, touched)
    for (const name of touched) this.#recompute(name)
    return touched
  }

  /** The state of one package; null when no counted op names it. */
  package(name: PackageName): PackageState | null {
    return this.#packages.get(name) ?? null
  }

  /** The records that make a feed's word about a package this publisher's: genesis, rotates, delegate; null if none do. */
  delegationOf(feed: FeedId, name: PackageName): readonly RecordId[] | null {
    return delegationOf(this.#root, feed, name)
  }

  /** Heads that counted voids name as the end of a true branch, held or not. */
  voidedHeads(): readonly FeedHead[] {
    return this.#root.voidedHeads
  }

  /** What the records add up to now; `packages` is the live map, valid until the next `add`. */
  catalogue(): PublisherCatalogue {
    const feeds: FeedState[] = [feedStateOf(this.#root, null)]
    for (const live of this.#root.live.values()) {
      feeds.push(feedStateOf(this.#chains.get(live.feed)?.chain ?? NOTHING, live))
    }
    const { publisher } = this
    const loose = looseStateOf(this.#index.loose())
    const digest = publisherDigestOf(feeds, this.#sum)
    return { publisher, feeds, packages: this.#packages, ...loose, voidedHeads: this.voidedHeads(), digest }
  }

  #recordsOf(feed: FeedId): FeedRecords {
    const known = this.#records.get(feed)
    if (known !== undefined) return known
    const records = new FeedRecords(feed)
    this.#records.set(feed, records)
    return records
  }

  /** Keeps new records; returns the feeds that have some, with the lowest sequence number of them. */
  #keep(records: Iterable<WellFormedRecord>): Map<FeedId, number> {
    const changed = new Map<FeedId, number>()
    for (const record of records) {
      if (record.publisher !== this.publisher || !this.#recordsOf(record.feed).add(record)) continue
      changed.set(record.feed, Math.min(changed.get(record.feed) ?? record.seq, record.seq))
    }
    return changed
  }

  /** A feed that starts, ends or changes its scope or place is counted anew as a whole. */
  #changeRoot(touched: Set<PackageName>): void {
    const before = this.#root.live
    this.#root = rootStateOf(this.publisher, this.#recordsOf(ROOT_FEED))
    for (const feed of new Set([...before.keys(), ...this.#root.live.keys()])) {
      const live = this.#root.live.get(feed)
      const known = this.#chains.get(feed)
      if (known !== undefined && live !== undefined && isSameFeed(known.live, live)) continue
      if (known !== undefined) this.#withdraw(known.chain.counted, known.live, touched)
      this.#chains.delete(feed)
      if (live === undefined) continue
      const chain = feedChainOf(this.#recordsOf(feed), live.ended)
      this.#count(chain.counted, live, touched)
      this.#chains.set(feed, { live, chain })
    }
  }

  /** Brings one feed's chain up to date: extends it where it can, else changes only what differs. */
  #recount(feed: FeedId, lowest: number, touched: Set<PackageName>): void {
    const known = this.#chains.get(feed)
    if (known === undefined) return
    const { live, chain: before } = known
    const records = this.#recordsOf(feed)
    const extends_ = live.ended === null && lowest > before.counted.length
    const chain = extends_ ? extendChain(records, before.counted) : feedChainOf(records, live.ended)
    const same = extends_ ? before.counted.length : commonLength(before.counted, chain.counted)
    this.#withdraw(before.counted.slice(same), live, touched)
    this.#count(chain.counted.slice(same), live, touched)
    this.#chains.set(feed, { live, chain })
  }

  #count(records: readonly WellFormedRecord[], live: LiveFeed, touched: Set<PackageName>): void {
    const ops = records.flatMap(record => countedOpsOf(record, live))
    for (const op of ops) this.#index.add(op)
    this.#touch(ops, touched)
  }

  #withdraw(records: readonly WellFormedRecord[], live: LiveFeed, touched: Set<PackageName>): void {
    const ops = records.flatMap(record => countedOpsOf(record, live))
    this.#touch(ops, touched)
    for (const op of ops) this.#index.remove(op)
  }

  #touch(ops: readonly CountedOp[], touched: Set<PackageName>): void {
    for (const op of ops) for (const name of this.#index.packagesTouchedBy(op)) touched.add(name)
  }

  #recompute(name: PackageName): void {
    const ops = this.#index.opsOf(name)
    const shared = ops.filter(op => op.visibility === 'public')
    const state = packageStateOf(name, ops)
    if (state === null) this.#packages.delete(name)
    else this.#packages.set(name, state)
    const publicState = shared.length === ops.length ? state : packageStateOf(name, shared)
    this.#sum = takeFromSum(this.#sum, this.#digests.get(name) ?? 0n)
    const digest = publicState === null ? 0n : packageDigestOf(publicState)
    this.#sum = addToSum(this.#sum, digest)
    if (publicState === null) this.#digests.delete(name)
    else this.#digests.set(name, digest)
  }
}

function commonLength(a: readonly WellFormedRecord[], b: readonly WellFormedRecord[]): number {
  let length = 0
  while (length < a.length && a[length]?.id === b[length]?.id) length++
  return length
}

function isSameFeed(a: LiveFeed, b: LiveFeed): boolean {
  return (
    a.rank === b.rank &&
    a.visibility === b.visibility &&
    a.role === b.role &&
    a.expires === b.expires &&
    a.ended?.from === b.ended?.from &&
    a.ended?.head === b.ended?.head &&
    a.scope.length === b.scope.length &&
    a.scope.every((pattern, index) => pattern === b.scope[index])
  )
}
