import { FederationError, type OwnHeads } from '../../federation/index.ts'
import {
  buildWriterRecord,
  ed25519KeyList,
  type FeedHead,
  type FeedId,
  type Op,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  sealHead,
  type Visibility,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { Identity } from '../identity/identity-file.ts'
import { StorageError } from '../storage/index.ts'
import { CloneWatch } from './clone-watch.ts'
import type { Library } from './library.ts'
import { type FeedChoice, type FeedVisibility, OwnFeeds } from './own-feeds.ts'
import { delegateOf, firstRecordsOf } from './own-root.ts'

/** Where the next record of a feed goes. */
interface FeedPlace {
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecordId | null
  /** Milliseconds. */
  readonly ts: number
}

export interface WriterParts {
  readonly net: string
  readonly identity: Identity
  readonly library: Library
  /**
   * Asks peers for this publisher's heads and adopts longer chains. `mustHear` waits its whole time for a peer that knows the
   * publisher, even if no peer is known; undefined where there is no network to ask. @throws FederationError E_FEED_CLONED
   */
  readonly adoptOwnHeads: (
    publisher: PublisherId,
    feeds: readonly FeedId[],
    mustHear: boolean,
  ) => Promise<OwnHeads | undefined>
  /** Tells the network, after the record is durable and folded. */
  readonly announce: (record: WellFormedRecord) => void
}

/** Writes this node's own feeds, one record at a time. */
export class Writer {
  readonly publisher: PublisherId
  readonly own: OwnFeeds
  readonly #parts: WriterParts
  readonly #first: readonly WellFormedRecord[]
  readonly #clones = new CloneWatch()
  #last: Promise<unknown> = Promise.resolve()
  #prepared = false

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.own = new OwnFeeds(parts.identity)
    this.#first = firstRecordsOf(parts.net, parts.identity)
    this.publisher = this.#first[0]!.publisher
  }

  /** The feeds that every publisher begins with. */
  get feeds(): Readonly<Record<FeedVisibility, FeedId>> {
    return this.own.first
  }

  /**
   * Stores what is missing of the genesis and the two delegates; the same bytes at every start, so that no other records ever take
   * their places. A restored identity has other writer keys than its root feed began with: only its genesis is certain.
   */
  async begin(): Promise<void> {
    const { library, identity } = this.#parts
    const first = identity.restored === null ? this.#first : this.#first.slice(0, 1)
    try {
      const { stored } = await library.records.append(first, { onlyAtTip: true })
      library.absorb(stored)
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'E_RECORD_CORRUPT') throw error
      library.damaged({ publisher: this.publisher, feed: ROOT_FEED, problem: error.message, lost: null })
    }
  }

  /** What keeps this node from writing, for /readyz. */
  problems(): readonly string[] {
    const { found } = this.#clones
    return found === null ? [] : [`${found.code}: ${found.message}`]
  }

  /**
   * Does at once what the first write would do: asks peers, and delegates the feeds of a restored node. Writes wait for it; what
   * fails here is tried again by the first write. For a start, so that the network is asked as soon as it is there.
   */
  prepare(): Promise<void> {
    const prepared = this.#last.then(() => this.#prepare(true))
    this.#last = prepared.catch(() => {})
    return prepared
  }

  isOwnFeed(publisher: PublisherId, feed: FeedId): boolean {
    return publisher === this.publisher && (feed === ROOT_FEED || this.own.has(feed))
  }

  /** Takes note of a record of an own feed that came from a peer: a longer chain to go on behind, or the work of a copy of this node. */
  async cameFromPeer(head: FeedHead): Promise<void> {
    this.#clones.came(head, await this.#parts.library.store.heads(this.publisher))
  }

  /**
   * Appends a record of ops of one kind; resolves once it is durable and folded. `claimedMs` is the time the record claims, ms since
   * 1970, shown and believed by nobody: of a release that was published elsewhere before.
   * @throws FederationError E_FEED_CLONED; StorageError E_RECORD_CORRUPT while own records are damaged; NodeError E_NOT_FOUND
   */
  write(choice: FeedChoice, ops: readonly Op[], claimedMs?: number): Promise<WellFormedRecord> {
    const written = this.#last.then(() => this.#write(choice, ops, claimedMs))
    this.#last = written.catch(() => {})
    return written
  }

  async #write(choice: FeedChoice, ops: readonly Op[], claimedMs?: number): Promise<WellFormedRecord> {
    this.#requireSound()
    await this.#prepare(false)
    const { net } = this.#parts
    const feed = this.own.feedOf(choice)
    const key = this.own.keyOf(feed)
    // The feed of an audience is delegated with its first record.
    if (typeof choice !== 'string' && !this.#isDelegated(feed)) await this.#delegate(feed, 'listed')
    const auth = await this.#rootHead()
    return await this.#append(feed, place =>
      buildWriterRecord(
        { net, publisher: this.publisher, ...place, ts: claimedMs ?? place.ts, auth, typ: ops[0]!.op, ops },
        key.sign,
      ),
    )
  }

  /**
   * Makes the next record of an own feed durable, folds and announces it. Before the first write the feed may grow meanwhile, as a
   * longer chain is adopted: the record is then built again behind it. A feed that takes no record behind its own head is damaged.
   * @throws FederationError E_FEED_CLONED when the feed went on without this node; StorageError E_RECORD_CORRUPT
   */
  async #append(feed: FeedId, build: (place: FeedPlace) => WellFormedRecord): Promise<WellFormedRecord> {
    const { library, announce } = this.#parts
    for (;;) {
      this.#requireSound()
      const head = await library.records.head(this.publisher, feed)
      const record = build({ feed, seq: (head?.seq ?? 0) + 1, prev: head?.id ?? null, ts: Date.now() })
      const { stored } = await library.records.append([record], { onlyAtTip: true })
      if (stored.length === 0) {
        if ((await library.records.head(this.publisher, feed))?.id === head?.id) this.#cannotExtend(feed, head)
        continue
      }
      this.#clones.wrote(feed, record.seq)
      library.absorb(stored)
      announce(record)
      return record
    }
  }

  /** Takes note of damage, so that nothing more is written. */
  #cannotExtend(feed: FeedId, head: FeedHead | null): void {
    const problem = `nothing can be written behind record ${head?.seq ?? 0} of feed ${feed}`
    this.#parts.library.damaged({ publisher: this.publisher, feed, problem, lost: null })
  }

  /** Asks peers once after a start; an early ask that found nobody who knows the publisher is repeated by the first write. */
  async #prepare(isEarly: boolean): Promise<void> {
    if (this.#prepared || this.#clones.found !== null) return
    this.#requireSound()
    const missing = this.#undelegated()
    const mustHear = missing.length > 0 && this.#parts.identity.restored === 'awaits-peers'
    const found = await this.#adopt(mustHear)
    if (mustHear && (found?.named ?? 0) === 0) {
      throw new NodeError('E_NETWORK', 'this node was restored and no peer that knows its publisher answered yet', {
        hint: 'hanse peer add MULTIADDR of a node that follows it; or accept the risk of a fork: stop, then hanse restore FILE --offline',
      })
    }
    await this.#delegateFirst(missing)
    this.#prepared = !isEarly || (found?.named ?? 0) > 0
  }

  async #adopt(mustHear: boolean): Promise<OwnHeads | undefined> {
    try {
      return await this.#parts.adoptOwnHeads(this.publisher, [ROOT_FEED, ...this.own.all()], mustHear)
    } catch (error) {
      if (error instanceof FederationError && error.code === 'E_FEED_CLONED') this.#clones.told(error)
      throw error
    }
  }

  /**
   * Nothing is written behind a record that is damaged or lost here: what it said is not known, and a copy of it elsewhere would make
   * what takes its place a fork. @throws FederationError E_FEED_CLONED; StorageError E_RECORD_CORRUPT
   */
  #requireSound(): void {
    if (this.#clones.found !== null) throw this.#clones.found
    const problem = this.#parts.library.problems.get(this.publisher)
    if (problem === undefined) return
    throw new StorageError(
      'E_RECORD_CORRUPT',
      `this node writes nothing while its own records are damaged: ${problem}`,
      {
        hint: 'stop the node, then: hanse doctor --repair; it says what can be fetched again and what a backup must bring back',
      },
    )
  }

  #undelegated(): readonly FeedVisibility[] {
    return (['public', 'private'] as const).filter(visibility => !this.#isDelegated(this.feeds[visibility]))
  }

  #isDelegated(feed: FeedId): boolean {
    return this.#parts.library.catalogue.visibilityOf(this.publisher, feed) !== null
  }

  /** A restored identity has writer keys that its root feed does not name yet; those of any other are delegated at its beginning or never. */
  async #delegateFirst(missing: readonly FeedVisibility[]): Promise<void> {
    if (missing.length > 0 && this.#parts.identity.restored === null) {
      throw new NodeError('E_IDENTITY', `the root feed of ${this.publisher} does not delegate the feeds of this node`, {
        hint: 'hanse restore of a backup into a new home goes on in new feeds',
      })
    }
    for (const visibility of missing) await this.#delegate(this.feeds[visibility], visibility)
  }

  async #delegate(feed: FeedId, visibility: Visibility): Promise<void> {
    const { net, identity } = this.#parts
    const key = this.own.keyOf(feed)
    await this.#append(ROOT_FEED, place =>
      delegateOf(
        identity.root,
        { visibility, key },
        { ...place, net, publisher: this.publisher, prev: place.prev ?? this.#first[0]!.id },
      ),
    )
  }

  /** The signed head that stands for a record too long to announce whole. */
  sealHeadOf(record: WellFormedRecord): Uint8Array {
    const { net, identity } = this.#parts
    const head = { publisher: record.publisher, feed: record.feed, seq: record.seq, id: record.id }
    if (record.feed === ROOT_FEED)
      return sealHead(head, net, ed25519KeyList(identity.root.publicKey), identity.root.sign)
    return sealHead(head, net, null, this.own.keyOf(record.feed).sign)
  }

  async #rootHead(): Promise<RecordId> {
    return (await this.#parts.library.store.head(this.publisher, ROOT_FEED))?.id ?? this.#first[0]!.id
  }
}
