import type { Appended, FeedRange, FeedStore } from '../../../src/federation/sync/feed-store.ts'
import { MAX_RIVAL_BRANCHES } from '../../../src/federation/sync/limits.ts'
import {
  type FeedHead,
  type FeedId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'

interface Feed {
  main: WellFormedRecord | null
  readonly rivals: Map<RecordId, WellFormedRecord>
}

/** The smallest thing that keeps the laws of `FeedStore`: what simulations and driver tests run on. */
export class MemoryFeedStore implements FeedStore {
  readonly records = new Map<RecordId, WellFormedRecord>()
  readonly #feeds = new Map<PublisherId, Map<FeedId, Feed>>()

  async head(publisher: PublisherId, feed: FeedId): Promise<FeedHead | null> {
    const main = this.#feeds.get(publisher)?.get(feed)?.main
    return main ? headOf(main) : null
  }

  async heads(publisher: PublisherId): Promise<readonly FeedHead[]> {
    const feeds = [...(this.#feeds.get(publisher) ?? [])].sort(([a], [b]) =>
      a === ROOT_FEED ? -1 : b === ROOT_FEED ? 1 : a < b ? -1 : 1,
    )
    return feeds.flatMap(([, feed]) => [
      ...(feed.main ? [headOf(feed.main)] : []),
      ...[...feed.rivals.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(headOf),
    ])
  }

  mayHold(id: RecordId): boolean {
    return this.records.has(id)
  }

  async envelope(id: RecordId): Promise<Uint8Array | null> {
    return this.records.get(id)?.envelope ?? null
  }

  async append(records: readonly WellFormedRecord[], { pinned = false } = {}): Promise<Appended> {
    const stored: WellFormedRecord[] = []
    const refused: { record: WellFormedRecord; why: 'gap' | 'rivals' }[] = []
    let known = 0
    for (const record of records) {
      const answer = this.records.has(record.id) ? 'known' : this.#place(record, pinned)
      if (answer === 'known') known++
      else if (answer === 'stored') stored.push(record)
      else refused.push({ record, why: answer })
    }
    return { stored, known, refused }
  }

  async range(publisher: PublisherId, feed: FeedId, range: FeedRange): Promise<readonly Uint8Array[]> {
    const held = this.#feeds.get(publisher)?.get(feed)
    let at: WellFormedRecord | null | undefined = range.to ? this.records.get(range.to) : held?.main
    if (at?.publisher !== publisher || at.feed !== feed) return []
    const chain: Uint8Array[] = []
    for (; at && at.seq >= range.from; at = at.prev ? this.records.get(at.prev) : null) chain.push(at.envelope)
    return cut(chain.reverse(), range)
  }

  #place(record: WellFormedRecord, pinned: boolean): 'stored' | 'gap' | 'rivals' {
    const feed = this.#feeds.get(record.publisher)?.get(record.feed) ?? { main: null, rivals: new Map() }
    const prev = record.prev === null ? null : this.records.get(record.prev)
    if (prev === undefined || !follows(prev, record)) return 'gap'
    if ((feed.main?.id ?? null) === record.prev) feed.main = record
    else {
      const extendsRival = record.prev !== null && feed.rivals.has(record.prev)
      if (!extendsRival && !pinned && feed.rivals.size >= MAX_RIVAL_BRANCHES) return 'rivals'
      if (record.prev !== null) feed.rivals.delete(record.prev)
      feed.rivals.set(record.id, record)
    }
    const feeds = this.#feeds.get(record.publisher) ?? new Map<FeedId, Feed>()
    this.#feeds.set(record.publisher, feeds.set(record.feed, feed))
    this.records.set(record.id, record)
    return 'stored'
  }
}

const headOf = ({ publisher, feed, seq, id }: WellFormedRecord): FeedHead => ({ publisher, feed, seq, id })

const follows = (prev: WellFormedRecord | null, record: WellFormedRecord): boolean =>
  prev === null
    ? record.seq === 1
    : prev.publisher === record.publisher && prev.feed === record.feed && prev.seq + 1 === record.seq

function cut(
  envelopes: readonly Uint8Array[],
  { limit, maxBytes, enoughBytes = maxBytes }: FeedRange,
): readonly Uint8Array[] {
  const taken: Uint8Array[] = []
  let bytes = 0
  for (const envelope of envelopes) {
    bytes += envelope.length
    if (taken.length === limit || (taken.length > 0 && bytes > maxBytes)) break
    taken.push(envelope)
    if (bytes >= enoughBytes) break
  }
  return taken
}
