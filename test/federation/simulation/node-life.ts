import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import type { Ignored, Rejected } from '../../../src/federation/gossip/machine.ts'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import type { DropReason } from '../../../src/federation/sync/effects.ts'
import type { FeedClient } from '../../../src/federation/sync/fetch-range.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { HeadLog } from '../../../src/federation/sync/head-log.ts'
import { heldBack } from '../../../src/federation/sync/held-back.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { ownHeads } from '../../../src/federation/sync/own-heads.ts'
import type { Identity } from '../../../src/node/identity/identity-file.ts'
import { FeedAccess } from '../../../src/node/library/feed-access.ts'
import type { Library } from '../../../src/node/library/library.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import { foldStored } from '../../../src/node/storage/catalogue.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import {
  type CatalogueFold,
  type FeedId,
  type PeerId,
  type PublisherId,
  parseUnverifiedRecord,
  type RecordId,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET } from './cast.ts'
import type { NodeClock } from './clocks.ts'
import type { SimulatedDisk } from './disk.ts'
import { checkedOnceCodec, verifiedOnce } from './verify-once.ts'

export interface LifeParts {
  readonly disk: SimulatedDisk
  readonly clock: NodeClock
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  readonly client: FeedClient
  /** Peers linked now, best first. */
  readonly peers: () => readonly PeerId[]
  readonly followed: readonly PublisherId[]
  /** Whose keys the node holds; null: it writes nothing of its own. */
  readonly identity: Identity | null
  /** The signed head of a record of a publisher that writes by script. */
  readonly sealHead: (record: WellFormedRecord) => Uint8Array | null
  readonly publish: (bytes: Uint8Array, record: WellFormedRecord) => void
  readonly dropPeer: (peer: PeerId, why: DropReason) => void
  readonly onRefused: (answer: Ignored | Rejected) => void
  /** Records that are safe from now on, as the node says. */
  readonly onSafe: (records: readonly WellFormedRecord[]) => void
}

/** A node from one start to the next, put together of the real parts as the product does. */
export class NodeLife {
  readonly records: RecordStore
  readonly catalogue: CatalogueFold
  readonly sync: SyncDriver
  readonly handler: FeedHandler
  readonly writer: Writer | null
  judge: (peer: PeerId, bytes: Uint8Array) => Promise<'accept' | 'ignore' | 'reject'> = async () => 'ignore'
  readonly #parts: LifeParts
  readonly #access: FeedAccess
  readonly #changes: HeadChanges
  readonly #intake: Intake
  readonly #gossip: GossipDriver
  readonly #onConnect = new Set<(peer: PeerId) => void>()
  #announced: WellFormedRecord | null = null
  #isOver = false

  /** Opens the disk, folds what is on it, and begins the own publisher. @throws StorageError when the disk does not hold what it should */
  static async start(parts: LifeParts): Promise<NodeLife> {
    const records = new RecordStore(parts.disk.open())
    const life = new NodeLife(parts, records, await foldStored(records, NET))
    for await (const { envelope } of records.records())
      life.#access.add([parseUnverifiedRecord(envelope, { net: NET }).record])
    await life.writer?.begin()
    return life
  }

  private constructor(parts: LifeParts, records: RecordStore, catalogue: CatalogueFold) {
    const { clock, random, client, followed } = parts
    this.#parts = parts
    this.records = records
    this.catalogue = catalogue
    this.#access = new FeedAccess(catalogue)
    this.#changes = new HeadChanges(new HeadLog(() => clock.now()))
    this.#intake = new Intake({
      net: NET,
      store: records,
      verify: async envelopes => envelopes.map(verifiedOnce),
      onStored: (stored, from) => this.#stored(stored, from),
      isOwnFeed: (publisher, feed) => this.writer?.isOwnFeed(publisher, feed) ?? false,
      onOwnFeed: head => this.writer?.cameFromPeer(head),
    })
    this.handler = new FeedHandler({
      store: records,
      changes: this.#changes,
      hold: heldBack({ clock, random, isAnnounced: head => this.#access.isPublic(head) }),
      mayServeFeed: feed => this.#access.isPublic(feed),
    })
    this.sync = new SyncDriver({
      ...{ client, clock, random, intake: this.#intake, dropPeer: parts.dropPeer },
      onNamed: (peer, heads) => this.#changes.heldBy(peer, heads),
      pinnedHeads: publisher => catalogue.voidedHeadsOf(publisher),
    })
    this.writer = this.#writer()
    this.sync.follow(followed)
    this.#gossip = new GossipDriver({
      network: {
        publish: async (_, bytes) => parts.publish(bytes, this.#announced!),
        onMessage: judge => {
          this.judge = judge
          return () => {}
        },
      },
      codec: checkedOnceCodec(record => this.#sealHead(record)),
      ...{ intake: this.#intake, clock, onRefused: parts.onRefused },
      isFollowed: publisher => followed.includes(publisher),
      mayAnnounce: (publisher, feed) => this.#access.isPublic({ publisher, feed }),
      onGap: (publisher, peer) => this.sync.gap(publisher, peer),
    })
  }

  /** How full each bounded structure is. */
  get sizes(): Readonly<Record<string, number>> {
    return {
      ...this.sync.sizes,
      ...this.handler.sizes,
      ...this.#changes.sizes,
      ...this.#intake.sizes,
      ...this.#gossip.sizes,
    }
  }

  connected(peer: PeerId): void {
    this.sync.connected(peer, 'other')
    for (const listener of [...this.#onConnect]) listener(peer)
  }

  /** Stores and announces a record of a publisher that writes by script; rejects for one that has no place yet. `isOwn`: however many rivals there are. */
  async say(record: WellFormedRecord, isOwn = false): Promise<void> {
    const { stored, refused } = await this.records.append([record], { pinned: isOwn })
    if (refused.length > 0) throw new Error('what comes before it is not here yet')
    await this.#absorb(stored)
    this.#wrote(record)
    this.#parts.onSafe(stored)
  }

  /** The power is cut. */
  end(): void {
    this.#isOver = true
    this.#parts.clock.stop()
    this.sync[Symbol.asyncDispose]().catch(() => {})
  }

  /** The node stops in order. */
  async close(): Promise<void> {
    await this.sync[Symbol.asyncDispose]()
    this.end()
  }

  /** Every record held, as it is on the disk. */
  async held(): Promise<Map<RecordId, WellFormedRecord>> {
    const held = new Map<RecordId, WellFormedRecord>()
    for await (const { envelope } of this.records.records()) {
      const record = verifiedOnce(envelope)
      held.set(record.id, record)
    }
    return held
  }

  #writer(): Writer | null {
    const { identity, onSafe } = this.#parts
    if (identity === null) return null
    const { records, catalogue } = this
    // As much of a library as the writer needs.
    const library = {
      ...{ records, store: records, catalogue, problems: new Map<string, string>() },
      absorb: (written: readonly WellFormedRecord[]) => this.#absorb(written),
      damaged: ({ problem }: { problem: string }) => {
        throw new Error(problem)
      },
    }
    return new Writer({
      ...{ net: NET, identity, library: library as unknown as Library },
      adoptOwnHeads: (publisher, feeds, mustHear) => this.#adoptOwnHeads(publisher, feeds, mustHear),
      announce: record => {
        this.#wrote(record)
        onSafe([record])
      },
    })
  }

  #adoptOwnHeads(publisher: PublisherId, feeds: readonly FeedId[], mustHear: boolean) {
    const { client, clock } = this.#parts
    const peers = this.#parts.peers()
    const onConnect = (listener: (peer: PeerId) => void) => {
      this.#onConnect.add(listener)
      return () => this.#onConnect.delete(listener)
    }
    const coming = { expected: peers.length, onConnect }
    const onLie = (peer: PeerId) => this.#parts.dropPeer(peer, 'bad record')
    return ownHeads({ client, clock, intake: this.#intake, publisher, feeds, peers, coming, mustHear, onLie })
  }

  #wrote(record: WellFormedRecord): void {
    if (this.#isOver) return
    this.#changes.stored([record])
    void this.#intake.wrote(record)
    this.#announced = record
    void this.#gossip.announce(record)
  }

  async #stored(records: readonly WellFormedRecord[], from: PeerId): Promise<void> {
    await this.#absorb(records)
    this.#changes.stored(records, from)
    this.#parts.onSafe(records)
  }

  async #absorb(records: readonly WellFormedRecord[]): Promise<void> {
    this.catalogue.add(records)
    this.#access.add(records)
    this.catalogue.digest() // as a node does that is asked for it between two changes
  }

  #sealHead(record: WellFormedRecord): Uint8Array | null {
    if (this.writer?.isOwnFeed(record.publisher, record.feed)) return this.writer.sealHeadOf(record)
    return this.#parts.sealHead(record)
  }
}
