import type { FeedId, RecordId } from '../ids.ts'
import type { FoldedRecord } from './folded-record.ts'

/** The records held of one feed, by place: two at one place are a fork. */
export class FeedRecords<R extends FoldedRecord = FoldedRecord> {
  readonly feed: FeedId
  readonly #byId = new Map<RecordId, R>()
  readonly #bySeq = new Map<number, R[]>()

  constructor(feed: FeedId) {
    this.feed = feed
  }

  /** Adds a record; false if it is held already. */
  add(record: R): boolean {
    if (this.#byId.has(record.id)) return false
    this.#byId.set(record.id, record)
    const place = this.#bySeq.get(record.seq)
    if (place === undefined) this.#bySeq.set(record.seq, [record])
    else place.push(record)
    return true
  }

  /** The records held for one place, as they came. */
  at(seq: number): readonly R[] {
    return this.#bySeq.get(seq) ?? []
  }

  /** The records held that follow a record. */
  childrenOf({ seq, id }: R): R[] {
    return this.at(seq + 1).filter(({ prev }) => prev === id)
  }

  /** Places with more than one record, lowest first. */
  forkedSeqs(): number[] {
    const seqs: number[] = []
    for (const [seq, place] of this.#bySeq) if (place.length > 1) seqs.push(seq)
    return seqs.sort((a, b) => a - b)
  }

  /** What is held beside those that count: of a fork, from a void on, or behind a gap. */
  behind(counted: readonly R[]): readonly R[] {
    if (this.#byId.size === counted.length) return []
    const counting = new Set(counted)
    return [...this.#byId.values()].filter(record => !counting.has(record))
  }

  find(id: RecordId): R | null {
    return this.#byId.get(id) ?? null
  }
}
