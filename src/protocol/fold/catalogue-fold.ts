import type { FeedId, PackageName, PeerId, PublisherId, RecordId, Sha256 } from '../ids.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { HoldsState, MemberState, PackageState, PublisherCatalogue } from './catalogue.ts'
import { nodeDigestOf } from './digest.ts'
import { KeptFew } from './kept-few.ts'
import type { KeptState } from './package-states.ts'
import { PublisherFold } from './publisher-fold.ts'
import { PublishersByName } from './publishers-by-name.ts'
import { BodiesInMemory, type RecordBodies } from './record-bodies.ts'

/**
 * Releases of packages whose states are kept, of all publishers: about 30 MB, while batches of a long feed name the same ones again.
 * One with many artifacts or records counts as many.
 */
const MAX_KEPT_RELEASES = 16_384
/** Batches after which a state that none of them used is let go, so that where little comes, little is kept. */
const KEPT_BATCHES = 64

/** One package of one publisher that a batch may have changed. */
export interface TouchedPackage {
  readonly publisher: PublisherId
  readonly package: PackageName
}

/** The catalogue of all publishers, kept up to date batch by batch (specification section 6.6). */
export class CatalogueFold {
  readonly #folds = new Map<PublisherId, PublisherFold>()
  readonly #byName = new PublishersByName()
  /** Those with any record that says who holds what. */
  readonly #stating = new Set<PublisherId>()
  readonly #bodies: RecordBodies
  readonly #kept: KeptFew<string, KeptState>
  #begun = 0

  /** @param bodies where records are read again; absent: they are kept in memory */
  constructor(bodies: RecordBodies = new BodiesInMemory(), maxKeptReleases = MAX_KEPT_RELEASES) {
    this.#bodies = bodies
    this.#kept = new KeptFew(maxKeptReleases, KEPT_BATCHES)
  }

  /** Adds well-formed records of any publishers, in any order; returns what was computed again. */
  add(records: Iterable<WellFormedRecord>): { readonly touched: readonly TouchedPackage[] } {
    const batches = Map.groupBy(records, record => record.publisher)
    const touched: TouchedPackage[] = []
    this.#kept.next()
    for (const [publisher, batch] of batches) {
      const fold = this.#foldOf(publisher)
      for (const name of fold.add(batch)) {
        touched.push({ publisher, package: name })
        this.#byName.add(name, publisher)
      }
      if (fold.statesHolders) this.#stating.add(publisher)
    }
    return { touched }
  }

  #foldOf(publisher: PublisherId): PublisherFold {
    const known = this.#folds.get(publisher)
    if (known !== undefined) return known
    const fold = new PublisherFold({ publisher, bodies: this.#bodies, kept: this.#kept, number: this.#begun++ })
    this.#folds.set(publisher, fold)
    return fold
  }

  /** Lets go of the states that were computed. */
  rest(): void {
    this.#kept.clear()
  }

  publishers(): readonly PublisherId[] {
    return [...this.#folds.keys()]
  }

  publisher(id: PublisherId): PublisherCatalogue | null {
    return this.#folds.get(id)?.catalogue() ?? null
  }

  package(id: PublisherId, name: PackageName): PackageState | null {
    return this.#folds.get(id)?.package(name) ?? null
  }

  /** Computes what the digest says of a package now, so that it need not be read again when the digest is asked for. */
  settle({ publisher, package: name }: TouchedPackage): void {
    this.#folds.get(publisher)?.settle(name)
  }

  /** Heads that a publisher's counted voids name as the end of a true branch, held or not; at most MAX_VOIDED_HEADS. */
  voidedHeadsOf(id: PublisherId): readonly FeedHead[] {
    return this.#folds.get(id)?.voidedHeads() ?? []
  }

  /** Who may see a feed; null while no counted delegate names it. */
  visibilityOf(id: PublisherId, feed: FeedId): Visibility | null {
    return this.#folds.get(id)?.visibilityOf(feed) ?? null
  }

  /** The peers on the list of a listed feed; none for any other. */
  audienceOf(id: PublisherId, feed: FeedId): ReadonlySet<PeerId> {
    return this.#folds.get(id)?.audienceOf(feed) ?? new Set()
  }

  /** Of whom a publisher says that they belong to the private network it is the authority of, or no longer do. */
  membersOf(id: PublisherId): ReadonlyMap<PeerId, MemberState> {
    return this.#folds.get(id)?.members() ?? new Map()
  }

  /** The records that make a feed's word about a package a publisher's (PublisherFold.delegationOf). */
  delegationOf(id: PublisherId, feed: FeedId, name: PackageName): readonly RecordId[] | null {
    return this.#folds.get(id)?.delegationOf(feed, name) ?? null
  }

  /** Publishers with any state for a package, in the order of their ids. */
  publishersOf(name: PackageName): readonly PublisherId[] {
    return this.#byName
      .of(name)
      .filter(id => this.#folds.get(id)?.has(name))
      .sort()
  }

  /** Publishers that may say who holds what, nearly all of them of their own bytes alone. */
  statingPublishers(): Iterable<PublisherId> {
    return this.#stating
  }

  /** What a publisher says of who holds what. */
  holdsOf(id: PublisherId): readonly HoldsState[] {
    return this.#folds.get(id)?.holds() ?? []
  }

  /** Forgets a publisher whose records this node no longer keeps. */
  remove(id: PublisherId): void {
    for (const name of this.#folds.get(id)?.names ?? []) this.#byName.delete(name, id)
    this.#stating.delete(id)
    this.#folds.delete(id)
  }

  /** Digest of the whole catalogue: two nodes that keep the same publishers and agree on each have the same. */
  digest(): Sha256 {
    return nodeDigestOf([...this.#folds].map(([id, fold]) => [id, fold.catalogue().digest] as const))
  }
}
