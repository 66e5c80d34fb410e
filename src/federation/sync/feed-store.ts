import type { FeedHead, FeedId, PublisherId, RecordId, WellFormedRecord } from '../../protocol/index.ts'

/**
 * The feeds a node holds, as the federation ring needs them. The laws, which `test/federation/sync/feed-store-contract.ts` checks:
 *
 * 1. A feed is a tree grown from seq 1: a record is stored only if it has seq 1 and no `prev`, or its `prev` is held in the same
 *    publisher and feed with seq - 1. Anything else is refused as `gap`. A batch is taken in order, so one batch may hold a whole chain.
 * 2. The branch seen first is the *main* branch: a record that extends the main tip extends the main branch. Every other record
 *    opens or extends a *rival* branch: fork evidence, kept beside it, never instead of it. Main never changes to a rival.
 * 3. A feed keeps at most `MAX_RIVAL_BRANCHES` rival tips; a record that would open one more is refused as `rivals` unless the
 *    batch is `pinned` (the root's void names this branch as the true one). Extending a rival opens none.
 * 4. Appending a held record again changes nothing and counts as `known`.
 * 5. `append` is atomic and durable: when it resolves, all of `stored` survive a crash; when it throws, none is visible.
 * 6. `range` gives exact envelope bytes, ascending and contiguous by seq, of the chain that ends at `to`.
 * 7. The store verifies no signatures: its caller did.
 * 8. A store may lose a record on its disk and know it: `envelope` answers null for it, a `range` ends before it, and appending it
 *    again stores it in its old place, whatever lies behind it.
 */
export interface FeedStore {
  /** The main tip of one feed, or null. */
  head(publisher: PublisherId, feed: FeedId): Promise<FeedHead | null>
  /** Every tip of every feed of a publisher: the root feed first, then feeds by id; in each feed main first, rivals by record id. */
  heads(publisher: PublisherId): Promise<readonly FeedHead[]>
  /** Whether anything is known of a record, said at once; what is may still be lost. False for all that is news. */
  mayHold(id: RecordId): boolean
  /** The envelope of a held record, checked against its id, or null. */
  envelope(id: RecordId): Promise<Uint8Array | null>
  append(records: readonly WellFormedRecord[], options?: { readonly pinned?: boolean }): Promise<Appended>
  /** At least one record if any fits the bounds of seq, even if it alone is longer than `maxBytes`; empty if `to` is not held. */
  range(publisher: PublisherId, feed: FeedId, range: FeedRange): Promise<readonly Uint8Array[]>
}

export interface FeedRange {
  /** First sequence number wanted, from 1. */
  readonly from: number
  /** The record the chain ends at; absent: the main tip. */
  readonly to?: RecordId
  /** Most records. */
  readonly limit: number
  /** Most bytes of envelopes together. */
  readonly maxBytes: number
  /** The record by which the envelopes have so many bytes together is the last; absent: none is for that. */
  readonly enoughBytes?: number
}

/** Laws 1 and 3; `forgotten`: its publisher's records are just being removed, and nothing of it is stored meanwhile. */
export type StoreRefusal = 'gap' | 'rivals' | 'forgotten'

/** What one append did; every record of the batch is in exactly one of the three. */
export interface Appended {
  readonly stored: readonly WellFormedRecord[]
  readonly known: number
  readonly refused: readonly { readonly record: WellFormedRecord; readonly why: StoreRefusal }[]
}
