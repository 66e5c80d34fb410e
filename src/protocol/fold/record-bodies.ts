import type { RecordId } from '../ids.ts'
import type { FeedHead, UnderstoodBody, WellFormedRecord } from '../record.ts'

/** What a record says. */
export interface RecordBody {
  /** Time it claims, ms since 1970. */
  readonly ts: number
  readonly understood: UnderstoodBody | null
}

/** Where the fold reads again what records say that it took in: it keeps where they lie, and little of what they say. */
export interface RecordBodies {
  /** Told of each record as the fold takes it in. */
  keep(record: WellFormedRecord): void
  /** What such a record says. Its own error, which the fold hands on, when that cannot be read. */
  bodyOf(at: FeedHead): RecordBody
}

/** Everything in memory: for folds that live as long as one look. */
export class BodiesInMemory implements RecordBodies {
  readonly #bodies = new Map<RecordId, RecordBody>()

  keep({ id, ts, understood }: WellFormedRecord): void {
    this.#bodies.set(id, { ts, understood })
  }

  bodyOf({ id }: FeedHead): RecordBody {
    const body = this.#bodies.get(id)
    if (body === undefined) throw new TypeError(`record ${id} was never kept`)
    return body
  }
}
