import {
  encodeFeedRequest,
  type FeedHead,
  MAX_FEED_RANGE_BYTES,
  type PeerId,
  ProtocolError,
  parseRange,
  RANGE_ENOUGH_FEATURE,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'
import { fromPeer, unlessPeerFailed } from './from-peer.ts'
import { SHORT_RANGE_RECORDS, SHORT_RANGE_SHARE } from './limits.ts'
import type { VerifyRange } from './verify-range.ts'

/** Which part of a chain is asked of whom. */
export interface RangePlace {
  readonly peer: PeerId
  readonly head: FeedHead
  readonly from: number
  /** The head is the publisher's word, not the peer's: if it is wrong, no peer lied. */
  readonly pinned: boolean
  /** How much is asked for at once. */
  readonly enoughBytes: number
}

/**
 * A part as it came: records of the chain whose signatures are right, though whether they count is not known yet. `newer`: it starts with
 * a record that only a later version of the format can read; one that comes later ends the part before it.
 */
export type ReadRange = RecordsRead | { readonly is: 'bad' | 'empty' | 'newer' }
/** `bytes`: of the records together; `isShort`: far less than was asked for. */
export interface RecordsRead {
  readonly is: 'records'
  readonly records: readonly WellFormedRecord[]
  readonly bytes: number
  readonly isShort: boolean
}

/** A part on its way. */
export interface ComingRange {
  readonly place: RangePlace
  /** How many records came, unread. */
  readonly arrived: Promise<number>
  readonly read: Promise<ReadRange>
  readonly abort: () => void
}

/** Asks a peer for a part, and verifies it as it comes. */
export function askForRange(client: FeedClient, verify: VerifyRange, place: RangePlace): ComingRange {
  const controller = new AbortController()
  const { signal } = controller
  const envelopes = firstRange(request(client, place, signal))
  const arrived = envelopes.then(all => all?.length ?? 0)
  const read = envelopes.then(all => readRange(verify, place, all, signal))
  for (const promise of [arrived, read]) promise.catch(() => {}) // heard by who takes it
  return { place, arrived, read, abort: () => controller.abort() }
}

/** What a part was, unless the signal aborts it before. `whenHere` is told how many records came. @throws FederationError E_PEER_FAILED */
export async function settled(
  { arrived, read, abort }: ComingRange,
  signal: AbortSignal,
  whenHere: (count: number) => void = () => {},
): Promise<ReadRange> {
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    whenHere(await arrived)
    return await read
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function readRange(
  verify: VerifyRange,
  place: RangePlace,
  envelopes: Uint8Array[] | null,
  signal: AbortSignal,
): Promise<ReadRange> {
  if (envelopes === null) return { is: 'bad' }
  if (envelopes.length === 0) return { is: 'empty' }
  try {
    const records = untilNewer(await verify(envelopes, signal))
    if (records.length === 0) return { is: 'newer' }
    if (!isChainTo(place, records)) return { is: place.pinned ? 'empty' : 'bad' }
    return recordsRead(place, records)
  } catch (error) {
    if (error instanceof ProtocolError) return { is: 'bad' }
    throw error
  }
}

function untilNewer(verified: readonly (WellFormedRecord | null)[]): WellFormedRecord[] {
  const records: WellFormedRecord[] = []
  for (const record of verified) {
    if (record === null) break
    records.push(record)
  }
  return records
}

/** A peer of a version that knows no other size is asked for as much as fits an answer. */
async function* request(
  client: FeedClient,
  { peer, head, from, enoughBytes }: RangePlace,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { publisher, feed, id: to } = head
  const isLess = enoughBytes < MAX_FEED_RANGE_BYTES && (await knowsEnough(client, peer, signal))
  const payload = encodeFeedRequest({ ask: 'range', publisher, feed, from, to, ...(isLess && { enoughBytes }) })
  yield* fromPeer(client.request(peer, payload, { signal }))
}

async function knowsEnough(client: FeedClient, peer: PeerId, signal: AbortSignal): Promise<boolean> {
  const features = await unlessPeerFailed(client.features?.(peer, { signal }))
  return features?.has(RANGE_ENOUGH_FEATURE) ?? false
}

async function firstRange(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[] | null> {
  for await (const part of parts) return parseRange(part)
  return []
}

/** Less than was asked for is short; of who was asked for all that fits an answer less than half, as it may have stopped before a long record. */
function recordsRead({ enoughBytes }: RangePlace, records: readonly WellFormedRecord[]): RecordsRead {
  const bytes = records.reduce((sum, { envelope }) => sum + envelope.length, 0)
  const leastBytes = Math.min(enoughBytes, MAX_FEED_RANGE_BYTES * SHORT_RANGE_SHARE)
  const isShort = records.length < SHORT_RANGE_RECORDS && bytes < leastBytes
  return { is: 'records', records, bytes, isShort }
}

function isChainTo({ head, from }: RangePlace, records: readonly WellFormedRecord[]): boolean {
  const last = records.at(-1)!
  if (last.seq > head.seq || (last.seq === head.seq && last.id !== head.id)) return false
  return records.every(
    (record, i) =>
      record.publisher === head.publisher &&
      record.feed === head.feed &&
      record.seq === from + i &&
      (i === 0 || record.prev === records[i - 1]!.id),
  )
}
