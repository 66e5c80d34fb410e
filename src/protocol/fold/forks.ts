import type { FeedId, PublisherId } from '../ids.ts'
import type { WellFormedRecord } from '../record.ts'
import { FeedRecords } from './record-set.ts'

/** Two payloads of one writer for one place of its feed: whoever sees both knows that it equivocates. */
export interface ForkProof {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly records: readonly [WellFormedRecord, WellFormedRecord]
}

/**
 * The lowest fork of every feed among the records, one pair each. A root record counts here for its signer only:
 * two of different key lists are no fork.
 */
export function forkProofs(records: Iterable<WellFormedRecord>): ForkProof[] {
  const groups = Map.groupBy(records, record => `${record.publisher}\0${record.feed}\0${record.signer}`)
  const proofs: ForkProof[] = []
  for (const group of groups.values()) {
    const proof = lowestForkOf(group)
    if (proof !== null) proofs.push(proof)
  }
  return proofs.sort((a, b) => (a.feed < b.feed ? -1 : 1))
}

function lowestForkOf(group: readonly WellFormedRecord[]): ForkProof | null {
  const any = group[0]
  if (any === undefined) return null
  const feed = new FeedRecords<WellFormedRecord>(any.feed)
  for (const record of group) feed.add(record)
  const seq = feed.forkedSeqs()[0]
  const [first, second] = seq === undefined ? [] : feed.at(seq).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  if (seq === undefined || first === undefined || second === undefined) return null
  return { publisher: any.publisher, feed: any.feed, seq, records: [first, second] }
}
