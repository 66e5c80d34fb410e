import type { RecordId } from '../ids.ts'
import type { StopReason } from './catalogue.ts'
import type { FoldedRecord } from './folded-record.ts'
import type { FeedRecords } from './record-set.ts'

/** The root's word where a feed truly ended (specification section 6.3). */
export interface FeedVoid {
  /** First sequence number that does not count. */
  readonly from: number
  /** Last record of the true branch; null when nothing counts. */
  readonly head: RecordId | null
}

/** The records of a feed that count, from sequence number 1. */
export interface FeedChain {
  readonly counted: readonly FoldedRecord[]
  readonly reason: StopReason
}

/** Which records of a writer's feed count (specification section 6.3). */
export function feedChainOf(
  records: FeedRecords,
  ended: FeedVoid | null,
): { counted: FoldedRecord[]; reason: StopReason } {
  if (ended !== null) return { counted: branchBelow(records, ended), reason: 'void' }
  const counted: FoldedRecord[] = []
  const reason = growChain(records, counted)
  return { counted, reason }
}

/** Appends to records that count: one more while its place holds exactly one that follows the last. Says why it stops. */
function growChain(records: FeedRecords, counted: FoldedRecord[]): StopReason {
  for (;;) {
    const place = records.at(counted.length + 1)
    if (place.length > 1) return 'fork'
    const next = place[0]
    if (next === undefined || next.prev !== (counted.at(-1)?.id ?? null)) return 'open'
    counted.push(next)
  }
}

/**
 * What chains back from the void's head: forks below it do not count, for else the thief of a writer's key could
 * erase the feed by signing another record 1. A branch not held completely counts for nothing.
 */
function branchBelow(records: FeedRecords, ended: FeedVoid): FoldedRecord[] {
  const branch: FoldedRecord[] = []
  let record = ended.head === null ? null : records.find(ended.head)
  while (record !== null) {
    branch.push(record)
    if (record.seq === 1) return record.prev === null ? branch.reverse().slice(0, ended.from - 1) : []
    const before: FoldedRecord | null = record.prev === null ? null : records.find(record.prev)
    record = before?.seq === record.seq - 1 ? before : null
  }
  return []
}
