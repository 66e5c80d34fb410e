import type { WellFormedRecord } from '../record.ts'
import type { FeedRecords } from './record-set.ts'

/**
 * What the fold keeps of a record. Its bytes are in the store; here each of them would hold on to the whole buffer that it came in,
 * a page of the network's or of Node's own pool.
 */
export type FoldedRecord = Omit<WellFormedRecord, 'net' | 'auth' | 'envelope'>

/** What is kept of a record beside others of its feed, whose texts it shares. */
export function foldedOf(record: WellFormedRecord, held: FeedRecords): FoldedRecord {
  const { id, publisher, seq, prev, typ, ts, understood, signer } = record
  const before = prev === null ? null : held.find(prev)
  return {
    ...{ id, seq, ts, understood, signer },
    publisher: before?.publisher ?? publisher,
    feed: held.feed,
    typ: before?.typ === typ ? before.typ : typ,
    prev: before?.id ?? prev,
  }
}
