import type { FeedId, PackageName, PeerId, PublisherId, RecordId, Sha256 } from '../ids.ts'
import type { FeedHead, WellFormedRecord } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { MemberState, PackageState, PublisherCatalogue } from './catalogue.ts'
import { nodeDigestOf } from './digest.ts'
import { PublisherFold } from './publisher-fold.ts'

/** One package of one publisher that a batch may have changed. */
export interface TouchedPackage {
  readonly publisher: PublisherId
  readonly package: PackageName
}

/** The catalogue of all publishers, kept up to date batch by batch (specification section 6.6). */
export class CatalogueFold {
  readonly #folds = new Map<PublisherId, PublisherFold>()

  /** Adds well-formed records of any publishers, in any order; returns what was computed again. */
  add(records: Iterable<WellFormedRecord>): { readonly touched: readonly TouchedPackage[] } {
    const batches = Map.groupBy(records, record => record.publisher)
    const touched: TouchedPackage[] = []
    for (const [publisher, batch] of batches) {
      const fold = this.#folds.get(publisher) ?? new PublisherFold(publisher)
      this.#folds.set(publisher, fold)
      for (const name of fold.add(batch)) touched.push({ publisher, package: name })
    }
    return { touched }
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
    return [...this.#folds]
      .filter(([, fold]) => fold.package(name) !== null)
      .map(([id]) => id)
      .sort()
  }

  /** Forgets a publisher whose records this node no longer keeps. */
  remove(id: PublisherId): void {
    this.#folds.delete(id)
  }

  /** Digest of the whole catalogue: two nodes that keep the same publishers and agree on each have the same. */
  digest(): Sha256 {
    return nodeDigestOf([...this.#folds].map(([id, fold]) => [id, fold.catalogue().digest] as const))
  }
}
