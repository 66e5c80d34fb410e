import {
  encodeFeedRequest,
  type FeedHead,
  type PeerId,
  ProtocolError,
  parseRange,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'
import { fromPeer } from './from-peer.ts'
import type { VerifyRange } from './verify-range.ts'

/** Which part of a chain is asked of whom. */
export interface RangePlace {
  readonly peer: PeerId
  readonly head: FeedHead
  readonly from: number
  /** The head is the publisher's word, not the peer's: if it is wrong, no peer lied. */
  readonly pinned: boolean
}

/**
 * A part as it came: records of the chain whose signatures are right, though whether they count is not known yet. `newer`: it starts with
 * a record that only a later version of the format can read; one that comes later ends the part before it.
 */
export type ReadRange =
  | { readonly is: 'records'; readonly records: readonly WellFormedRecord[] }
  | { readonly is: 'bad' | 'empty' | 'newer' }

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
  const { peer, head, from } = place
  const controller = new AbortController()
  const { signal } = controller
  const payload = encodeFeedRequest({ ask: 'range', publisher: head.publisher, feed: head.feed, from, to: head.id })
  const envelopes = firstRange(fromPeer(client.request(peer, payload, { signal })))
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
    if (isChainTo(place, records)) return { is: 'records', records }
    return { is: place.pinned ? 'empty' : 'bad' }
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

async function firstRange(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[] | null> {
  for await (const part of parts) return parseRange(part)
  return []
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
