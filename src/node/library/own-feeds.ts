import { ED25519, type FeedId, feedIdOf, type Visibility } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { SigningKey } from '../identity/ed25519-key.ts'
import type { Identity } from '../identity/identity-file.ts'

/** The two feeds that every publisher begins with. */
export type FeedVisibility = 'public' | 'private'
/** A feed of this node: one of the first two, or the listed one of an audience by its local name. */
export type FeedChoice = FeedVisibility | { readonly audience: string }

interface OwnFeed {
  readonly choice: FeedChoice
  readonly key: SigningKey
}

const writerFeedOf = (key: SigningKey): FeedId => feedIdOf([ED25519, key.publicKey])

/** The feeds that this node writes, and their keys. */
export class OwnFeeds {
  readonly first: Readonly<Record<FeedVisibility, FeedId>>
  readonly #feeds = new Map<FeedId, OwnFeed>()
  readonly #audiences = new Map<string, FeedId>()

  constructor({ writers, audiences }: Pick<Identity, 'writers' | 'audiences'>) {
    this.first = { public: writerFeedOf(writers.public), private: writerFeedOf(writers.private) }
    for (const choice of ['public', 'private'] as const)
      this.#feeds.set(this.first[choice], { choice, key: writers[choice] })
    for (const { name, key } of audiences) this.add(name, key)
  }

  /** Takes in the key of an audience's feed. */
  add(audience: string, key: SigningKey): FeedId {
    const feed = writerFeedOf(key)
    this.#feeds.set(feed, { choice: { audience }, key })
    this.#audiences.set(audience, feed)
    return feed
  }

  /** Audiences by their local names. */
  get audiences(): ReadonlyMap<string, FeedId> {
    return this.#audiences
  }

  all(): readonly FeedId[] {
    return [...this.#feeds.keys()]
  }

  has(feed: FeedId): boolean {
    return this.#feeds.has(feed)
  }

  /** Null: this node does not write it. */
  choiceOf(feed: FeedId): FeedChoice | null {
    return this.#feeds.get(feed)?.choice ?? null
  }

  keyOf(feed: FeedId): SigningKey {
    const own = this.#feeds.get(feed)
    if (own === undefined) throw new TypeError('not a feed of this node')
    return own.key
  }

  visibilityOf(feed: FeedId): Visibility {
    const choice = this.choiceOf(feed)
    return choice === 'public' || choice === 'private' ? choice : 'listed'
  }

  /** @throws NodeError E_NOT_FOUND for an audience that is none */
  feedOf(choice: FeedChoice): FeedId {
    if (typeof choice === 'string') return this.first[choice]
    const feed = this.#audiences.get(choice.audience)
    if (feed !== undefined) return feed
    throw new NodeError('E_NOT_FOUND', `there is no audience ${choice.audience.slice(0, 80)} here`, {
      hint: `hanse audience list; hanse audience add ${choice.audience.slice(0, 32)} PEER makes one`,
    })
  }
}
