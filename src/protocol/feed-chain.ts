import type { FeedHead, WellFormedRecord } from './record.ts'

/** How a record stands to the head of its feed (section 4.2). */
export type NextVerdict =
  | 'ok'
  /** Of another feed or publisher than the head. */
  | { readonly why: 'other-feed' }
  /** Is the head itself, or lies before it: ask the store whether it is a duplicate or a fork. */
  | { readonly why: 'duplicate' | 'older' }
  /** Another payload at the head's place, or at the next place with another predecessor: evidence of a fork. */
  | { readonly why: 'fork' | 'wrong-prev' }
  /** Records between the head and this one are missing, from this sequence number on. */
  | { readonly why: 'gap'; readonly from: number }

/** Whether a record continues a feed at its head; null for an empty feed. */
export function checkNext(head: FeedHead | null, record: WellFormedRecord): NextVerdict {
  if (head === null) return record.seq === 1 ? 'ok' : { why: 'gap', from: 1 }
  if (record.publisher !== head.publisher || record.feed !== head.feed) return { why: 'other-feed' }
  if (record.seq > head.seq + 1) return { why: 'gap', from: head.seq + 1 }
  if (record.seq === head.seq + 1) return record.prev === head.id ? 'ok' : { why: 'wrong-prev' }
  if (record.seq < head.seq) return { why: 'older' }
  return { why: record.id === head.id ? 'duplicate' : 'fork' }
}

/** Whether two well-formed records prove a fork: one place of one feed, two payloads (section 4.2). */
export function isForkEvidence(a: WellFormedRecord, b: WellFormedRecord): boolean {
  return a.net === b.net && a.publisher === b.publisher && a.feed === b.feed && a.seq === b.seq && a.id !== b.id
}

/** The head that a record makes when it is a feed's newest. */
export function headOf(record: WellFormedRecord): FeedHead {
  const { publisher, feed, seq, id } = record
  return { publisher, feed, seq, id }
}
