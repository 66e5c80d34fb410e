import type { FeedId, RecordId } from '../ids.ts'
import type { WellFormedRecord } from '../record.ts'

/** The records held of one feed, by place: two at one place are a fork. */
export class FeedRecords {
  readonly feed: FeedId
  readonly #bySeq = new Map<number, Map<RecordId, WellFormedRecord>>()

  constructor(feed: FeedId) {
    this.feed = feed
  }

  /** Adds a record; false if it is held already. */
  add(record: WellFormedRecord): boolean {
    let place = this.#bySeq.get(record.seq)
    if (place === undefined) {
      place = new Map()
      this.#bySeq.set(record.seq, place)
    }
    if (place.has(record.id)) return false
    place.set(record.id, record)
    return true
  }

  /** The records held for one place, in the order of their ids. */
  at(seq: number): readonly WellFormedRecord[] {
    const place = this.#bySeq.get(seq)
    if (place === undefined) return []
    const records = [...place.values()]
    return records.length === 1 ? records : records.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Places with more than one record, lowest first. */
  forkedSeqs(): number[] {
    const seqs: number[] = []
    for (const [seq, place] of this.#bySeq) if (place.size > 1) seqs.push(seq)
    return seqs.sort((a, b) => a - b)
  }

  find(id: RecordId): WellFormedRecord | null {
    for (const place of this.#bySeq.values()) {
      const record = place.get(id)
      if (record !== undefined) return record
    }
    return null
  }

  findAt(seq: number, id: RecordId): WellFormedRecord | null {
    return this.#bySeq.get(seq)?.get(id) ?? null
  }
}
