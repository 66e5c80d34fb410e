import { type FeedId, type PublisherId, type RecordId, ROOT_FEED, type Visibility } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { Identity } from '../identity/identity-file.ts'
import type { Library } from './library.ts'
import type { OwnAppends } from './own-appends.ts'
import type { FeedVisibility, OwnFeeds } from './own-feeds.ts'
import { delegateOf } from './own-root.ts'

export interface OwnDelegationsParts {
  readonly net: string
  readonly publisher: PublisherId
  readonly genesis: RecordId
  readonly identity: Identity
  readonly library: Library
  readonly own: OwnFeeds
  readonly appends: OwnAppends
}

/** Which own feeds the root feed names, and how it comes to name the others. */
export class OwnDelegations {
  readonly #parts: OwnDelegationsParts

  constructor(parts: OwnDelegationsParts) {
    this.#parts = parts
  }

  /** Those of the feeds that every publisher begins with that are not delegated. */
  missing(): readonly FeedVisibility[] {
    return (['public', 'private'] as const).filter(visibility => !this.has(this.#parts.own.first[visibility]))
  }

  has(feed: FeedId): boolean {
    const { library, publisher } = this.#parts
    return library.catalogue.visibilityOf(publisher, feed) !== null
  }

  /** A restored identity has writer keys that its root feed does not name yet; those of any other are delegated at its beginning or never. */
  async addFirst(missing: readonly FeedVisibility[]): Promise<void> {
    const { identity, publisher, own } = this.#parts
    if (missing.length > 0 && identity.restored === null) {
      throw new NodeError('E_IDENTITY', `the root feed of ${publisher} does not delegate the feeds of this node`, {
        hint: 'hanse restore of a backup into a new home goes on in new feeds',
      })
    }
    for (const visibility of missing) await this.add(own.first[visibility], visibility)
  }

  async add(feed: FeedId, visibility: Visibility): Promise<void> {
    const { net, publisher, genesis, identity, own, appends } = this.#parts
    const key = own.keyOf(feed)
    await appends.append(ROOT_FEED, place =>
      delegateOf(identity.root, { visibility, key }, { ...place, net, publisher, prev: place.prev ?? genesis }),
    )
  }
}
