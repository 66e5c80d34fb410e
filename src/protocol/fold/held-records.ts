import { base32CidOf, bytesOfBase32Cid } from '../base32.ts'
import { DigestTable } from '../digest-table.ts'
import type { FeedId, RecordId } from '../ids.ts'
import { longNumbers, shortNumbers } from '../numbers.ts'
import type { WellFormedRecord } from '../record.ts'
import { FeedPlaces } from './feed-places.ts'

/** CIDv1, dag-cbor, sha2-256 of 32 bytes: how every record's id begins. */
const ID_PREFIX = Uint8Array.of(1, 0x71, 0x12, 32)
/** Stands for a predecessor that was not held when its successor came. */
const UNHELD = 0xffff_ffff

/** Which writers' records of one publisher are held, and how they lie: a number each, in the order in which they came. */
export class HeldRecords {
  readonly #ids = new DigestTable()
  readonly #feeds = shortNumbers()
  readonly #seqs = longNumbers()
  /** The predecessor's number + 1; 0: it has none. */
  readonly #prevs = shortNumbers()
  readonly #unheld = new Map<number, RecordId>()
  readonly #feedNumbers = new Map<FeedId, number>()
  readonly #places: FeedPlaces[] = []

  /** Adds a record; its number, or null if it is held already. */
  add({ id, feed, seq, prev }: WellFormedRecord): number | null {
    const record = this.#ids.size
    if (this.#ids.add(digestOf(id)) !== record) return null
    const number = this.feedNumber(feed)
    this.#feeds.push(number)
    this.#seqs.push(seq)
    this.#prevs.push(0)
    this.#places[number]!.put(seq, record)
    if (prev === null) return record
    const before = this.find(prev)
    this.#prevs.set(record, before === null ? UNHELD : before + 1)
    if (before === null) this.#unheld.set(record, prev)
    return record
  }

  /** The number of a feed; it is given one if it has none yet. */
  feedNumber(feed: FeedId): number {
    const known = this.#feedNumbers.get(feed)
    if (known !== undefined) return known
    this.#feedNumbers.set(feed, this.#places.length)
    this.#places.push(new FeedPlaces())
    return this.#places.length - 1
  }

  places(feed: number): FeedPlaces {
    return this.#places[feed]!
  }

  find(id: RecordId): number | null {
    return this.#ids.find(digestOf(id))
  }

  idOf(record: number): RecordId {
    const id = new Uint8Array(ID_PREFIX.length + 32)
    id.set(ID_PREFIX)
    id.set(this.#ids.at(record), ID_PREFIX.length)
    return base32CidOf(id) as RecordId
  }

  feedOf(record: number): number {
    return this.#feeds.at(record)
  }

  seqOf(record: number): number {
    return this.#seqs.at(record)
  }

  /** Whether a record names another as its predecessor; null: whether it names none. */
  follows(record: number, before: number | null): boolean {
    if (before === null) return this.#prevs.at(record) === 0
    return this.prevOf(record) === before
  }

  /** The predecessor, or null if there is none or it is not held. */
  prevOf(record: number): number | null {
    const prev = this.#prevs.at(record)
    if (prev === 0) return null
    if (prev !== UNHELD) return prev - 1
    const came = this.find(this.#unheld.get(record)!)
    if (came === null) return null
    this.#prevs.set(record, came + 1)
    this.#unheld.delete(record)
    return came
  }
}

const digestOf = (id: RecordId): Uint8Array => bytesOfBase32Cid(id).subarray(ID_PREFIX.length)
