import type { PublisherId } from '../../protocol/index.ts'
import type { FeedAccess } from './feed-access.ts'
import type { RelationBook } from './relation-book.ts'

/** Publishers of whom any peer may know that this node holds public releases of theirs; those that are blocked here are not told. */
export class ListedPublishers {
  readonly #access: FeedAccess
  readonly #relations: RelationBook

  constructor(access: FeedAccess, relations: RelationBook) {
    this.#access = access
    this.#relations = relations
  }

  isListed(publisher: PublisherId): boolean {
    return this.#access.hasPublicPackage(publisher) && !this.#relations.relationOf(publisher).block
  }

  /** At most `limit` in the order of their ids, those after one. */
  after(publisher: PublisherId | null, limit: number): readonly PublisherId[] {
    const all = this.#access.publicPublishers()
    const page: PublisherId[] = []
    for (let i = publisher === null ? 0 : firstAfter(all, publisher); i < all.length && page.length < limit; i++)
      if (this.isListed(all[i]!)) page.push(all[i]!)
    return page
  }
}

function firstAfter(sorted: readonly PublisherId[], publisher: PublisherId): number {
  let low = 0
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= publisher) low = middle + 1
    else high = middle
  }
  return low
}
