import type { FeedId, PackageName, PeerId, PublisherId, RecordId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { FeedState, MemberState, PackageState, PublisherCatalogue } from './catalogue.ts'
import { CountedFeeds } from './counted-feeds.ts'
import { CountedOps } from './counted-ops.ts'
import { feedStateOf } from './feed-state.ts'
import type { HeldOps } from './held-ops.ts'
import type { KeptFew } from './kept-few.ts'
import { LooseStates } from './loose-states.ts'
import { type KeptState, PackageStates } from './package-states.ts'
import type { RecordBodies } from './record-bodies.ts'
import { RootChain } from './root-chain.ts'
import { TakenRecords } from './taken-records.ts'

export interface PublisherFoldParts {
  readonly publisher: PublisherId
  /** Where writers' records are read again. */
  readonly bodies: RecordBodies
  /** Few states of packages, of all publishers. */
  readonly kept: KeptFew<string, KeptState>
  /** No other fold has it that shares the states. */
  readonly number: number
}

/**
 * One publisher's catalogue kept up to date: equal to foldPublisher over all records added, whatever the batches. Of writers' records
 * it keeps where they lie and which packages they name; what they say is read again from `bodies`, never while it adds.
 */
export class PublisherFold {
  readonly #publisher: PublisherId
  readonly #taken: TakenRecords
  readonly #ops: HeldOps
  readonly #counted: CountedOps
  readonly #states: PackageStates
  readonly #root: RootChain
  readonly #loose: LooseStates
  readonly #feeds: CountedFeeds

  constructor({ publisher, bodies, kept, number }: PublisherFoldParts) {
    this.#publisher = publisher
    this.#taken = new TakenRecords(publisher, bodies)
    const { root, held, ops } = this.#taken
    this.#ops = ops
    this.#root = new RootChain(publisher, root)
    const counted = new CountedOps({ publisher, held, ops, bodies })
    this.#counted = counted
    const loose = new LooseStates(counted, feed => this.#feeds.live(feed))
    this.#loose = loose
    const states = new PackageStates({ held, ops, counted, kept, prefix: `${number}:` })
    this.#states = states
    this.#feeds = new CountedFeeds({ held, ops, counted, states, loose })
  }

  /** Adds a batch; returns the packages whose state may be another. */
  add(records: Iterable<WellFormedRecord>): Set<PackageName> {
    const fresh = this.#taken.add(records)
    const touched = new Set<number>()
    // Who is taken off a list is so also by records that do not count: those change no op that does.
    for (const feed of fresh.byFeed.keys()) this.#loose.forgetAudience(feed)
    if (fresh.root.length > 0) this.#loose.forgetAudiences()
    if (fresh.bearsOnLoose) this.#loose.forget()
    if (fresh.root.length > 0) {
      this.#root.add(fresh.root)
      this.#feeds.followRoot(this.#root.word.live, touched)
    }
    for (const [feed, added] of fresh.byFeed) this.#feeds.extend(feed, added, touched)
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
    return this.#taken.statesHolders
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
    const states = lives.map(live => this.#feeds.state(live.feed) ?? feedStateOf({ counted: [], reason: 'open' }, live))
    return [feedStateOf(this.#root, null), ...states]
  }
}
