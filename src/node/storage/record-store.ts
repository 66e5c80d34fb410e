import type { Appended, FeedRange, FeedStore } from '../../federation/index.ts'
import {
  type FeedHead,
  type FeedId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { type AppendOptions, AppendPlan, feedKeyOf, idsToLookUp } from './append-plan.ts'
import { StorageError } from './errors.ts'
import { decodeFeedTree, type FeedTree, type Segment, segmentsOf } from './feed-tree.ts'
import { forgetRecords } from './forget-publisher.ts'
import type { LevelDatabase } from './level-database.ts'
import { MAX_READ_AT_ONCE, SCAN_BYTES } from './limits.ts'
import { heldPlace, lost, openPlaced, recordAt, recordOf } from './record-at.ts'
import { type Damage, scanRecords, startingWith } from './record-scan.ts'
import {
  keyOf,
  lostIdOf,
  openEnvelope,
  parsePlace,
  type RecordPlace,
  type StoredRecord,
  seqOfKey,
} from './stored-record.ts'

/** Counts over what is held; records of a feed whose table of branches is damaged are not among them. */
export interface RecordCounts {
  readonly publishers: number
  readonly feeds: number
  readonly records: number
}

interface PendingAppend {
  readonly records: readonly WellFormedRecord[]
  readonly options: AppendOptions
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/**
 * `FeedStore` on LevelDB. Appends that arrive while one is being written are planned together and share one synced batch;
 * every read is checked against the record's id, and a record that was altered or lost on disk is E_RECORD_CORRUPT. One whose loss
 * `doctor --repair` has marked is as one not held: a range ends before it, and an append of it fills its place again.
 */
export class RecordStore implements FeedStore {
  readonly #database: LevelDatabase
  #pending: PendingAppend[] = []
  #appending = false
  readonly #forgetting = new Set<PublisherId>()

  constructor(database: LevelDatabase) {
    this.#database = database
  }

  async head(publisher: PublisherId, feed: FeedId): Promise<FeedHead | null> {
    const main = (await this.#tree(publisher, feed))[0]
    return main === undefined ? null : { publisher, feed, seq: main.tip.seq, id: main.tip.id }
  }

  /** Without feeds whose table of branches is damaged; one of the root feed, on which all others rest, is E_RECORD_CORRUPT. */
  async heads(publisher: PublisherId): Promise<readonly FeedHead[]> {
    const feeds: FeedHead[][] = []
    for await (const { feed, bytes } of this.#feeds(publisher)) {
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
    if (this.#forgetting.has(head.publisher)) throw beingForgotten(head)
    return recordAt(this.#database, head)
  }

  /** As `record`, read at once: what answers many at a time has no turn of its own for each. @throws as `recordAt` */
  recordNow(id: RecordId): StoredRecord | null {
    return recordOf(this.#database, id)
  }

  append(records: readonly WellFormedRecord[], options: AppendOptions = {}): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, options, resolve, reject })
      if (!this.#appending) void this.#appendPending()
    })
  }

  /** Removes every record of a publisher, durably; of one that is being forgotten nothing is stored. */
  async forget(publisher: PublisherId): Promise<void> {
    this.#forgetting.add(publisher)
    try {
      await this.append([]) // those before it are written
      await forgetRecords(this.#database, publisher)
    } finally {
      this.#forgetting.delete(publisher)
    }
  }

  async range(publisher: PublisherId, feed: FeedId, range: FeedRange): Promise<readonly Uint8Array[]> {
    const tree = await this.#tree(publisher, feed)
    const end = await this.#endOf(publisher, feed, tree, range.to)
    if (end === null) return []
    const taken: Uint8Array[] = []
    let bytes = 0
    for await (const envelope of this.#chain(tree, end, range.from)) {
      bytes += envelope.length
      if (taken.length >= range.limit || (taken.length > 0 && bytes > range.maxBytes)) return taken
      taken.push(envelope)
    }
    return taken
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
    for await (const { publisher, bytes } of this.#feeds()) {
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

  async #appendPending(): Promise<void> {
    this.#appending = true
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0)
      try {
        const plan = await this.#planFor(group)
        const appended = group.map(({ records, options }) => this.#take(plan, records, options))
        await this.#database.commit(plan.writes())
        for (const [index, { resolve }] of group.entries()) resolve(appended[index]!)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#appending = false
  }

  #take(plan: AppendPlan, records: readonly WellFormedRecord[], options: AppendOptions): Appended {
    const [forgotten, kept] = [true, false].map(is =>
      records.filter(each => this.#forgetting.has(each.publisher) === is),
    )
    const { refused, ...taken } = plan.take(kept ?? [], options)
    const gone = (forgotten ?? []).map(record => ({ record, why: 'forgotten' as const }))
    return { ...taken, refused: [...refused, ...gone] }
  }

  async #planFor(group: readonly PendingAppend[]): Promise<AppendPlan> {
    const records = group.flatMap(appended => appended.records)
    const feedKeys = new Set(records.map(feedKeyOf))
    const feeds = await present(this.#database.table('feeds'), [...feedKeys])
    const trees = new Map(feeds.map(([key, bytes]) => [key, decodeFeedTree(bytes)]))
    const places = await present(this.#database.table('places'), [...idsToLookUp(records, trees)])
    return new AppendPlan(trees, new Map(places.map(([id, bytes]) => [id, parsePlace(bytes)])))
  }

  async #tree(publisher: PublisherId, feed: FeedId): Promise<FeedTree> {
    const bytes = await this.#database.table('feeds').get(feedKeyOf({ publisher, feed }))
    return bytes === undefined ? [] : decodeFeedTree(bytes)
  }

  async *#feeds(publisher?: PublisherId): AsyncGenerator<{ publisher: PublisherId; feed: FeedId; bytes: Uint8Array }> {
    const bounds = publisher === undefined ? {} : startingWith(`${publisher}/`)
    for await (const [key, bytes] of this.#database.table('feeds').iterator(bounds)) {
      const slash = key.indexOf('/')
      yield {
        publisher: key.slice(0, slash) as PublisherId,
        feed: key.slice(slash + 1) as FeedId,
        bytes,
      }
    }
  }

  async #endOf(
    publisher: PublisherId,
    feed: FeedId,
    tree: FeedTree,
    to: RecordId | undefined,
  ): Promise<RecordPlace | null> {
    if (to === undefined) return tree[0] === undefined ? null : { publisher, feed, branch: 0, seq: tree[0].tip.seq }
    const place = await this.#database.table('places').get(to)
    if (place === undefined) return null
    const end = parsePlace(place)
    return end.publisher === publisher && end.feed === feed ? end : null
  }

  /** The chain that ends at `end`, from a sequence number on; it ends before a record that is marked as lost. */
  async *#chain(tree: FeedTree, end: RecordPlace, from: number): AsyncGenerator<Uint8Array> {
    for (const segment of segmentsOf(tree, end.branch, end.seq))
      if (!(yield* this.#segment(end, { ...segment, from: Math.max(segment.from, from) }))) return
  }

  /** The envelopes of a segment, false at one marked as lost; another missing one, which a flipped bit in a key makes, is corruption. */
  async *#segment(end: RecordPlace, { branch, from, to }: Segment): AsyncGenerator<Uint8Array, boolean> {
    const place = (seq: number) => ({ ...end, branch, seq })
    let next = from
    if (from > to) return true
    const bounds = { gte: keyOf(place(from)), lte: keyOf(place(to)), highWaterMarkBytes: SCAN_BYTES }
    for await (const [key, value] of this.#database.scan('records', bounds)) {
      if (seqOfKey(key) !== next) break
      if (lostIdOf(value) !== null) return false
      next++
      yield openEnvelope(key, value)
    }
    if (next <= to) throw lost(place(next))
    return true
  }
}

/** A feed's tree, or an empty one for a damaged one, of which `scanRecords` and the doctor tell. */
function readableTree(bytes: Uint8Array): FeedTree {
  try {
    return decodeFeedTree(bytes)
  } catch (error) {
    if (error instanceof StorageError) return []
    throw error
  }
}

async function present<K extends string>(table: ReturnType<LevelDatabase['table']>, keys: readonly K[]) {
  const isFew = keys.length <= MAX_READ_AT_ONCE
  const values = isFew ? keys.map(key => table.getSync(key)) : await table.getMany([...keys])
  return keys.flatMap((key, index): [K, Uint8Array][] => {
    const value = values[index]
    return value === undefined ? [] : [[key, value]]
  })
}

const beingForgotten = ({ publisher }: FeedHead): StorageError =>
  new StorageError('E_STORAGE_FAILED', `the records of ${publisher} are being removed`, { hint: 'try again' })
