import { type FeedHead, MAX_FEED_RANGE_BYTES, type PeerId, ROOT_FEED } from '../../protocol/index.ts'
import type { RangeOutcome } from './effects.ts'
import type { Intake, Taken } from './intake.ts'
import type { RangesAhead } from './ranges-ahead.ts'
import { askForRange, type RecordsRead, settled } from './read-range.ts'

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
  /** How much is asked for at once; absent: as much as fits an answer. */
  readonly enoughBytes?: number
}

/**
 * Fetches one range of the chain that ends at `head`, every signature of it verified, and commits it; the next is asked for meanwhile if
 * `ahead` is given. `whenHere` is told when all of its bytes came, and says of how many the next may be; 0: of none.
 * @throws FederationError `E_PEER_FAILED` if the peer or the way to it failed; anything else is a failure of this node's own.
 */
export async function fetchRange(
  client: FeedClient,
  intake: Intake,
  ask: RangeAsk,
  signal: AbortSignal,
  ahead?: RangesAhead,
  whenHere?: () => number,
): Promise<RangeOutcome> {
  const { head, peer, pinned, enoughBytes = MAX_FEED_RANGE_BYTES } = ask
  if ((await intake.store.envelope(head.id)) !== null) return { is: 'held', helped: false }
  if (!(await intake.mayAdmit(head.publisher, head.feed))) return { is: 'undelegated' }
  const from = ask.from ?? (await firstMissing(intake, head))
  const place = { peer, head, from, pinned, enoughBytes }
  const read = await (ahead?.take(place, signal, whenHere) ??
    settled(askForRange(client, intake.verify, place), signal, whenHere))
  if (read.is !== 'records') return read
  return outcomeOf(head, from, read, await intake.commit(read.records, peer, ask))
}

/** The next after our main tip, or for a branch that is not longer the head itself: from there the chain is walked back. */
async function firstMissing(intake: Intake, head: FeedHead): Promise<number> {
  const main = await intake.store.head(head.publisher, head.feed)
  return Math.min((main?.seq ?? 0) + 1, head.seq)
}

function outcomeOf(head: FeedHead, from: number, { records, bytes, isShort }: RecordsRead, taken: Taken): RangeOutcome {
  const next = records.at(-1)!.seq + 1
  const helped = taken.stored.length > 0
  switch (taken.refused[0]?.why) {
    case undefined:
      return next > head.seq ? { is: 'held', helped } : { is: 'more', next, bytes, helped, short: isShort }
    case 'rivals':
      return { is: 'refused' }
    case 'forgotten':
      return { is: 'forgotten' }
    case 'usurped':
      return { is: 'bad' }
    case 'gap':
      return { is: 'apart', from }
    case 'undecided':
      return head.feed === ROOT_FEED ? { is: 'apart', from } : { is: 'undelegated' }
  }
}
