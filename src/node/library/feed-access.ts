import type {
  BlockId,
  CatalogueFold,
  FeedId,
  NamedBy,
  PeerId,
  PublisherId,
  Sha256,
  UnderstoodBody,
  Visibility,
  WellFormedRecord,
} from '../../protocol/index.ts'
import { ROOT_FEED } from '../../protocol/index.ts'
import { ByteNamers, type FeedName, type Namer } from './byte-namers.ts'
import { sha256OfRawBlock } from './raw-block.ts'

/** How bytes came here. */
export interface BytesOrigin {
  readonly isOwn: boolean
  readonly isPulled: boolean
  readonly listedBy?: PublisherId | null
}

/** How bytes are named, and by whom. */
export interface Naming {
  readonly visibility: NamedBy
  readonly audience: ReadonlySet<PeerId>
  readonly publishers: readonly PublisherId[]
}

/** Which bytes a record releases: the sha-256 of its artifacts and of documents kept beside it. */
export function* releasedBytesOf(body: UnderstoodBody | null): Generator<Sha256> {
  if (body?.typ !== 'ops') return
  for (const op of body.ops) {
    if (op.op !== 'release') continue
    for (const { sha256 } of op.artifacts) yield sha256
    if (op.manifest && 'cid' in op.manifest) yield* documentBytesOf(op.manifest.cid)
  }
}

/** Which bytes of an upstream a record states. */
function* statedBytesOf(body: UnderstoodBody | null): Generator<Sha256> {
  if (body?.typ !== 'ops') return
  for (const op of body.ops) if (op.op === 'origin') yield op.artifact.sha256
}

function* documentBytesOf(cid: BlockId): Generator<Sha256> {
  const sha256 = sha256OfRawBlock(cid)
  if (sha256 !== null) yield sha256
}

/**
 * How each feed may be seen, and which feeds name which bytes: what the gate `mayServe` needs to know.
 */
export class FeedAccess {
  readonly #fold: CatalogueFold
  readonly #namers = new ByteNamers()
  readonly #havePublic = new Set<PublisherId>()
  /** Feeds that name bytes and are not public, of publishers without public ones: a root record may come that opens one. */
  readonly #hidden = new Map<PublisherId, Set<FeedId>>()
  /** Those with public ones, by id; null: to be sorted when it is asked for. */
  #sortedPublic: readonly PublisherId[] | null = null
  readonly #listeners = new Map<PublisherId, () => void>()
  #own: PublisherId | null = null

  constructor(fold: CatalogueFold) {
    this.#fold = fold
  }

  /** Names the publisher this node writes for. */
  ownedBy(publisher: PublisherId): void {
    this.#own = publisher
  }

  /** Takes in records that the fold has taken in before. */
  add(records: readonly WellFormedRecord[]): void {
    for (const { publisher, feed, understood } of records) {
      if (feed === ROOT_FEED)
        for (const hidden of this.#hidden.get(publisher) ?? []) this.#look({ publisher, feed: hidden })
      for (const sha256 of releasedBytesOf(understood)) this.#name(sha256, { publisher, feed, isRelease: true })
      for (const sha256 of statedBytesOf(understood)) this.#name(sha256, { publisher, feed, isRelease: false })
    }
  }

  /** Forgets a publisher whose records are kept no more. */
  forget(publisher: PublisherId): void {
    this.#havePublic.delete(publisher)
    this.#hidden.delete(publisher)
    this.#sortedPublic = null
    this.#namers.forget(publisher)
  }

  /** Whether a feed is public; the root feed is. */
  isPublic({ publisher, feed }: FeedName): boolean {
    return this.visibilityOf({ publisher, feed }) === 'public'
  }

  /** Who may see a feed: one that no live delegate names is private, so an unknown one is served to nobody. */
  visibilityOf({ publisher, feed }: FeedName): Visibility {
    if (feed === ROOT_FEED) return 'public'
    return this.#fold.visibilityOf(publisher, feed) ?? 'private'
  }

  /** The peers on the list of a listed feed; none for any other. */
  audienceOf({ publisher, feed }: FeedName): ReadonlySet<PeerId> {
    return this.#fold.audienceOf(publisher, feed)
  }

  /** The peers that may hear of bytes which a listed feed of this publisher names. */
  audienceFor(sha256: Sha256, publisher: PublisherId): ReadonlySet<PeerId> {
    const feeds = this.#namers.of(sha256).filter(feed => feed.publisher === publisher)
    return new Set(feeds.flatMap(feed => [...this.audienceOf(feed)]))
  }

  /** Whether a feed of this node releases these bytes; stating that they are an upstream's does not. */
  isReleasedHere(sha256: Sha256): boolean {
    return this.#namers.of(sha256).some(({ publisher, isRelease }) => isRelease && publisher === this.#own)
  }

  /** All bytes that this node released; what it only states of an upstream is the upstream's. */
  releasedHere(): readonly Sha256[] {
    return [...this.releasedBy(publisher => publisher === this.#own)]
  }

  /** All bytes that releases of some publishers name: artifacts, and manifests kept beside their record. */
  releasedBy(isCounted: (publisher: PublisherId) => boolean): ReadonlySet<Sha256> {
    const all = this.#namers.all()
    const released = all.filter(([, namers]) => namers.some(each => each.isRelease && isCounted(each.publisher)))
    return new Set(released.map(([sha256]) => sha256))
  }

  /**
   * How bytes are named, and by whom. About this node's own bytes its own feeds alone decide, and about what they name: a stranger's
   * record opens nothing of ours. `isOwn` says so also of bytes whose own record is damaged, lost or not written yet; `isPulled`
   * says so of bytes from an upstream registry, which may be a private one; `listedBy` is whose listed feed they came here for, and
   * then its feeds decide beside the own ones.
   */
  namedBy(sha256: Sha256, { isOwn, isPulled, listedBy = null }: BytesOrigin): Naming {
    const feeds = this.#namers.of(sha256)
    const own = feeds.filter(({ publisher }) => publisher === this.#own)
    const ofLister = feeds.filter(({ publisher }) => publisher === listedBy)
    const judged = isOwn || isPulled || own.length > 0 ? own : listedBy === null ? feeds : ofLister
    const { public: open, listed, private: hidden } = Object.groupBy(judged, feed => this.visibilityOf(feed))
    const visibility = open ? 'public' : listed ? 'listed' : hidden ? 'private' : 'unnamed'
    const counted = open ?? listed ?? judged
    const audience = new Set((open ? [] : (listed ?? [])).flatMap(feed => [...this.audienceOf(feed)]))
    return { visibility, audience, publishers: [...new Set(counted.map(({ publisher }) => publisher))] }
  }

  /** Whether a public feed of this publisher names these bytes: only then may peers be asked for them in its name. */
  isNamedOpenly(sha256: Sha256, publisher: PublisherId): boolean {
    const feeds = this.#namers.of(sha256)
    return feeds.some(feed => feed.publisher === publisher && this.isPublic(feed))
  }

  /** Whether any bytes are named in a public feed of this publisher. */
  hasPublicPackage(publisher: PublisherId): boolean {
    return this.#havePublic.has(publisher)
  }

  /** Publishers in whose public feeds any bytes are named, in the order of their ids. */
  publicPublishers(): readonly PublisherId[] {
    this.#sortedPublic ??= [...this.#havePublic].sort()
    return this.#sortedPublic
  }

  /** Calls `listener` when the first public package of a publisher is named; the answer stops that. */
  onFirstPublic(publisher: PublisherId, listener: () => void): () => void {
    this.#listeners.set(publisher, listener)
    return () => this.#listeners.delete(publisher)
  }

  /** Bytes are named in this feed: whether it is the publisher's first public one. */
  #look({ publisher, feed }: FeedName): void {
    if (this.#havePublic.has(publisher)) return
    if (!this.isPublic({ publisher, feed })) {
      this.#hidden.set(publisher, (this.#hidden.get(publisher) ?? new Set()).add(feed))
      return
    }
    this.#hidden.delete(publisher)
    this.#havePublic.add(publisher)
    this.#sortedPublic = null
    this.#listeners.get(publisher)?.()
  }

  #name(sha256: Sha256, name: Namer): void {
    this.#look(name)
    this.#namers.name(sha256, name)
  }
}
