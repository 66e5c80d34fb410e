import {
  encodeFeedRequest,
  type FeedHead,
  type PeerId,
  ProtocolError,
  parseRange,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { RangeOutcome } from './effects.ts'
import { fromPeer } from './from-peer.ts'
import type { Intake, Taken } from './intake.ts'
import { SHORT_RANGE_BYTES, SHORT_RANGE_RECORDS } from './limits.ts'

/** The feed protocol's client: one request on the kept stream to a peer, its answer part by part. */
export interface FeedClient {
  request(peer: PeerId, payload: Uint8Array, options: { readonly signal: AbortSignal }): AsyncIterable<Uint8Array>
  /** What the peer knows beyond the first version of the protocol; absent: nothing. */
  features?(peer: PeerId, options: { readonly signal: AbortSignal }): Promise<ReadonlySet<string>>
}

export interface RangeAsk {
  readonly peer: PeerId
  readonly head: FeedHead
  /** Where to start; null: where the main branch held ends. */
  readonly from: number | null
  readonly pinned: boolean
}

/**
 * Fetches one range of the chain that ends at `head`, verifies every signature and commits it.
 * @throws FederationError `E_PEER_FAILED` if the peer or the way to it failed; anything else is a failure of this node's own.
 */
export async function fetchRange(
  client: FeedClient,
  intake: Intake,
  ask: RangeAsk,
  signal: AbortSignal,
): Promise<RangeOutcome> {
  const { head, peer } = ask
  if ((await intake.store.envelope(head.id)) !== null) return { is: 'held', helped: false }
  const { publisher, feed, id: to } = head
  if (!(await intake.mayAdmit(publisher, feed))) return { is: 'undelegated' }
  const from = ask.from ?? (await firstMissing(intake, head))
  const payload = encodeFeedRequest({ ask: 'range', publisher, feed, from, to })
  const envelopes = await firstRange(fromPeer(client.request(peer, payload, { signal })))
  if (envelopes === null) return { is: 'bad' }
  if (envelopes.length === 0) return { is: 'empty' }
  const records = await verified(intake, envelopes, signal)
  if (records === null) return { is: 'bad' }
  // A pinned head's place is the publisher's word, not the peer's: if it is wrong, no peer lied.
  if (!isChainTo(head, from, records)) return { is: ask.pinned ? 'empty' : 'bad' }
  return outcomeOf(head, from, records, await intake.commit(records, peer, ask))
}

/** The next after our main tip, or for a branch that is not longer the head itself: from there the chain is walked back. */
async function firstMissing(intake: Intake, head: FeedHead): Promise<number> {
  const main = await intake.store.head(head.publisher, head.feed)
  return Math.min((main?.seq ?? 0) + 1, head.seq)
}

async function firstRange(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[] | null> {
  for await (const part of parts) return parseRange(part)
  return []
}

async function verified(
  intake: Intake,
  envelopes: Uint8Array[],
  signal: AbortSignal,
): Promise<WellFormedRecord[] | null> {
  try {
    return await intake.verify(envelopes, signal)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

function isChainTo(head: FeedHead, from: number, records: readonly WellFormedRecord[]): boolean {
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

function outcomeOf(head: FeedHead, from: number, records: readonly WellFormedRecord[], taken: Taken): RangeOutcome {
  const next = records.at(-1)!.seq + 1
  const helped = taken.stored.length > 0
  switch (taken.refused[0]?.why) {
    case undefined:
      return next > head.seq ? { is: 'held', helped } : { is: 'more', next, helped, short: isShort(records) }
    case 'rivals':
      return { is: 'refused' }
    case 'usurped':
      return { is: 'bad' }
    case 'gap':
      return { is: 'apart', from }
    case 'undecided':
      return head.feed === ROOT_FEED ? { is: 'apart', from } : { is: 'undelegated' }
  }
}

function isShort(records: readonly WellFormedRecord[]): boolean {
  const bytes = records.reduce((sum, { envelope }) => sum + envelope.length, 0)
  return records.length < SHORT_RANGE_RECORDS && bytes < SHORT_RANGE_BYTES
}
