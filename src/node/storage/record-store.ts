import type { Appended, FeedRange, FeedStore } from '../../federation/index.ts'
import {
  type FeedHead,
  type FeedId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { AppendOptions } from './append-plan.ts'
import { AppendQueue } from './append-queue.ts'
import { StorageError } from './errors.ts'
import { feedRange } from './feed-range.ts'
import { decodeFeedTree } from './feed-tree.ts'
import type { LevelDatabase } from './level-database.ts'
import { heldPlace, openPlaced, recordAt, recordOf } from './record-at.ts'
import { type Damage, scanRecords } from './record-scan.ts'
import { keyOf, type StoredRecord } from './stored-record.ts'
import { readableTree, storedTree, storedTrees } from './stored-trees.ts'

/** Counts over what is held; records of a feed whose table of branches is damaged are not among them. */
export interface RecordCounts {
  readonly publishers: number
  readonly feeds: number
  readonly records: number
}

/**
 * `FeedStore` on LevelDB. Appends that arrive while one is being written are planned together and share one synced batch;
 * every read is checked against the record's id, and a record that was altered or lost on disk is E_RECORD_CORRUPT. One whose loss
 * `doctor --repair` has marked is as one not held: a range ends before it, and an append of it fills its place again.
 */
export class RecordStore implements FeedStore {
  readonly #database: LevelDatabase
  readonly #appends: AppendQueue

  constructor(database: LevelDatabase) {
    this.#database = database
    this.#appends = new AppendQueue(database)
  }

  async head(publisher: PublisherId, feed: FeedId): Promise<FeedHead | null> {
    const main = (await storedTree(this.#database, { publisher, feed }))[0]
    return main === undefined ? null : { publisher, feed, seq: main.tip.seq, id: main.tip.id }
  }

  /** Without feeds whose table of branches is damaged; one of the root feed, on which all others rest, is E_RECORD_CORRUPT. */
  async heads(publisher: PublisherId): Promise<readonly FeedHead[]> {
    const feeds: FeedHead[][] = []
    for await (const { feed, bytes } of storedTrees(this.#database, publisher)) {
      const tree = feed === ROOT_FEED ? decodeFeedTree(bytes) : readableTree(bytes)
      const [main, ...rivals] = tree.map(({ tip }) => ({ publisher, feed, seq: tip.seq, id: tip.id }))
      const heads = [...(main === undefined ? [] : [main]), ...rivals.sort((a, b) => (a.id < b.id ? -1 : 1))]
      if (feed === ROOT_FEED) feeds.unshift(heads)
      else feeds.push(heads)
    }
    return feeds.flat()
  }

  mayHold(id: RecordId): boolean {
    return this.#database.table('places').getSync(id) !== undefined
  }

  async envelope(id: RecordId): Promise<Uint8Array | null> {
    return (await this.record(id))?.envelope ?? null
  }

  /** A held record and its place, or null. @throws StorageError E_RECORD_CORRUPT. */
  async record(id: RecordId): Promise<StoredRecord | null> {
    const at = heldPlace(await this.#database.table('places').get(id))
    return at && openPlaced(id, at, await this.#database.table('records').get(keyOf(at)))
  }

  /** The held record that lies where its head says, read at once. @throws StorageError E_RECORD_CORRUPT; E_STORAGE_FAILED while its publisher is being forgotten, or where the disk fails */
  recordAt(head: FeedHead): StoredRecord {
    if (this.#appends.isForgetting(head.publisher)) throw beingForgotten(head)
    return recordAt(this.#database, head)
  }

  /** As `record`, read at once: what answers many at a time has no turn of its own for each. @throws as `recordAt` */
  recordNow(id: RecordId): StoredRecord | null {
    return recordOf(this.#database, id)
  }

  append(records: readonly WellFormedRecord[], options: AppendOptions = {}): Promise<Appended> {
    return this.#appends.append(records, options)
  }

  /** Removes every record of a publisher, durably; of one that is being forgotten nothing is stored. */
  forget(publisher: PublisherId): Promise<void> {
    return this.#appends.forget(publisher)
  }

  range(publisher: PublisherId, feed: FeedId, range: FeedRange): Promise<readonly Uint8Array[]> {
    return feedRange(this.#database, { publisher, feed }, range)
  }

  /** Publishers of whom any record is held, in order of their ids. */
  async publishers(): Promise<readonly PublisherId[]> {
    const found = new Set<PublisherId>()
    for await (const key of this.#database.table('feeds').keys())
      found.add(key.slice(0, key.indexOf('/')) as PublisherId)
    return [...found]
  }

  async counts(): Promise<RecordCounts> {
    const publishers = new Set<PublisherId>()
    let feeds = 0
    let records = 0
    for await (const { publisher, bytes } of storedTrees(this.#database)) {
      publishers.add(publisher)
      feeds++
      for (const branch of readableTree(bytes)) records += branch.tip.seq - branch.from + 1
    }
    return { publishers: publishers.size, feeds, records }
  }

  /**
   * Every held record of one publisher, or of all: the root feed first, then feed by feed, main branch before rivals, ascending by
   * seq. Reads one moment of the store; records appended meanwhile are not seen. What is damaged is told to `onDamage` and left out.
   * @throws StorageError E_RECORD_CORRUPT at the first damage if nobody listens for it.
   */
  async *records(publisher?: PublisherId, onDamage?: (damage: Damage) => void): AsyncGenerator<StoredRecord> {
    await using snapshot = this.#database.snapshot()
    for (const one of publisher === undefined ? await this.publishers() : [publisher])
      yield* scanRecords(this.#database, snapshot, one, onDamage)
  }
}

const beingForgotten = ({ publisher }: FeedHead): StorageError =>
  new StorageError('E_STORAGE_FAILED', `the records of ${publisher} are being removed`, { hint: 'try again' })
