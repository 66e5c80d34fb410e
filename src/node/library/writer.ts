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
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { Identity } from '../identity/identity-file.ts'
import { StorageError } from '../storage/index.ts'
import { CloneWatch } from './clone-watch.ts'
import type { Library } from './library.ts'
import { OwnAppends } from './own-appends.ts'
import { OwnDelegations } from './own-delegations.ts'
import { type FeedChoice, type FeedVisibility, OwnFeeds } from './own-feeds.ts'
import { firstRecordsOf } from './own-root.ts'

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
  readonly #appends: OwnAppends
  readonly #delegations: OwnDelegations
  #last: Promise<unknown> = Promise.resolve()
  #prepared = false

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.own = new OwnFeeds(parts.identity)
    this.#first = firstRecordsOf(parts.net, parts.identity)
    const { publisher, id: genesis } = this.#first[0]!
    this.publisher = publisher
    this.#appends = new OwnAppends({ ...parts, publisher, clones: this.#clones })
    this.#delegations = new OwnDelegations({ ...parts, publisher, genesis, own: this.own, appends: this.#appends })
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
    this.#appends.requireSound()
    await this.#prepare(false)
    const { net } = this.#parts
    const feed = this.own.feedOf(choice)
    const key = this.own.keyOf(feed)
    // The feed of an audience is delegated with its first record.
    if (typeof choice !== 'string' && !this.#delegations.has(feed)) await this.#delegations.add(feed, 'listed')
    const auth = await this.#rootHead()
    return await this.#appends.append(feed, place =>
      buildWriterRecord(
        { net, publisher: this.publisher, ...place, ts: claimedMs ?? place.ts, auth, typ: ops[0]!.op, ops },
        key.sign,
      ),
    )
  }

  /** Asks peers once after a start; an early ask that found nobody who knows the publisher is repeated by the first write. */
  async #prepare(isEarly: boolean): Promise<void> {
    if (this.#prepared || this.#clones.found !== null) return
    this.#appends.requireSound()
    const missing = this.#delegations.missing()
    const mustHear = missing.length > 0 && this.#parts.identity.restored === 'awaits-peers'
    const found = await this.#adopt(mustHear)
    if (mustHear && (found?.named ?? 0) === 0) {
      throw new NodeError('E_NETWORK', 'this node was restored and no peer that knows its publisher answered yet', {
        hint: 'hanse peer add MULTIADDR of a node that follows it; or accept the risk of a fork: stop, then hanse restore FILE --offline',
      })
    }
    await this.#delegations.addFirst(missing)
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
