import {
  encodeFeedRequest,
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  parseHeads,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { type FeedClient, fetchRange, type RangeAsk } from './fetch-range.ts'
import type { Intake } from './intake.ts'
import { MAX_HEADS_PARTS, OWN_HEADS_MS, PEERS_A_ROUND } from './limits.ts'
import type { RangeOutcome } from './machine.ts'

export interface OwnHeadsAsk {
  readonly client: FeedClient
  readonly intake: Intake
  readonly publisher: PublisherId
  /** The feeds this node writes, the root feed if it holds the root key. */
  readonly feeds: readonly FeedId[]
  /** Connected peers, best first; three are asked. */
  readonly peers: readonly PeerId[]
  /** Aborts when the time for it, 2 s by default, is over. */
  readonly signal?: AbortSignal
}

/**
 * Before the first write after a start, and before any root write: asks peers for this node's own heads and adopts longer chains
 * that verify (FORMAT section 1, rolled-back disks). Answers how many peers answered and what was adopted; with no peers it adopts nothing.
 * @throws FederationError `E_FEED_CLONED` if a peer holds another branch of an own feed: two writers use one key.
 */
export async function ownHeads(
  ask: OwnHeadsAsk,
): Promise<{ readonly answered: number; readonly adopted: readonly FeedHead[] }> {
  const signal = ask.signal ?? AbortSignal.timeout(OWN_HEADS_MS)
  const answers = await Promise.all(ask.peers.slice(0, PEERS_A_ROUND).map(peer => headsAt(ask, peer, signal)))
  const adopted: FeedHead[] = []
  for (const { peer, heads } of answers.filter(answer => answer !== null))
    for (const head of heads) if (await adopt(ask, peer, head)) adopted.push(head)
  for (const feed of ask.feeds) await refuseClone(ask, feed)
  return { answered: answers.filter(answer => answer !== null).length, adopted }
}

async function headsAt({ client, publisher, feeds }: OwnHeadsAsk, peer: PeerId, signal: AbortSignal) {
  const heads: FeedHead[] = []
  let parts = 0
  try {
    for await (const part of client.request(peer, encodeFeedRequest({ ask: 'heads', publishers: [publisher] }), {
      signal,
    })) {
      const named = parseHeads(part)
      if (named === null || ++parts > MAX_HEADS_PARTS) return null
      heads.push(...named.filter(head => head.publisher === publisher && feeds.includes(head.feed)))
    }
    return { peer, heads }
  } catch {
    return null
  }
}

/** Fetches until the head is held; a peer that does not deliver is as good as none. */
async function adopt({ client, intake }: OwnHeadsAsk, peer: PeerId, head: FeedHead): Promise<boolean> {
  if ((await intake.store.envelope(head.id)) !== null) return false
  const signal = AbortSignal.timeout(OWN_HEADS_MS)
  for (let from: number | null = null; ; ) {
    const ask: RangeAsk = { peer, head, from, pinned: false, adopting: true }
    const outcome: RangeOutcome | null = await fetchRange(client, intake, ask, signal).catch(() => null)
    if (outcome?.is === 'held') return true
    if (outcome?.is === 'more') from = outcome.next
    else if (outcome?.is === 'apart' && outcome.from > 1) from = Math.max(1, Math.floor(outcome.from / 2))
    else return false
  }
}

async function refuseClone({ intake, publisher }: OwnHeadsAsk, feed: FeedId): Promise<void> {
  const tips = (await intake.store.heads(publisher)).filter(head => head.feed === feed)
  if (tips.length < 2) return
  throw new FederationError('E_FEED_CLONED', `feed ${feed.slice(0, 12)} of this node has ${tips.length} branches`, {
    hint: 'another copy of this node writes with the same key: stop it, then delegate a new writer key',
  })
}
