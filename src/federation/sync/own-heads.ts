import {
  encodeFeedRequest,
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  parseHeads,
  ROOT_FEED,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { type Clock, systemClock } from '../streams/clock.ts'
import type { RangeOutcome } from './effects.ts'
import { type FeedClient, fetchRange, type RangeAsk } from './fetch-range.ts'
import type { Intake } from './intake.ts'
import {
  MAX_ADOPTED_FROM,
  MAX_OWN_HEADS_PARTS,
  MAX_SYNC_PEERS,
  OWN_HEADS_MS,
  PEERS_A_ROUND,
  RANGE_TIMEOUT_MS,
} from './limits.ts'

export interface OwnHeadsAsk {
  readonly client: FeedClient
  readonly intake: Intake
  readonly publisher: PublisherId
  /** The feeds this node writes, the root feed if it holds the root key: two branches in one of them are two writers. */
  readonly feeds: readonly FeedId[]
  /** Connected peers, best first; three are asked, or all if one must be heard. */
  readonly peers: readonly PeerId[]
  /** Peers that are being connected, as right after a start: they are asked when they come. */
  readonly coming?: {
    /** Peers worth waiting for, the connected ones included; 0 waits for nobody. */
    readonly expected: number
    /** Tells of every peer, those connected already too, until the answer is called. */
    onConnect(listener: (peer: PeerId) => void): () => void
  }
  /** A peer answered with what no honest peer sends. */
  readonly onLie?: (peer: PeerId) => void
  /** Goes on through connected and coming peers until one names the root feed's end that is held here, or the time is over. */
  readonly mustHear?: boolean
  /** Aborts when the time for it, 2 s by default, is over. */
  readonly signal?: AbortSignal
  /** Of the time-outs; the computer's by default. */
  readonly clock?: Clock
}

/** What peers said about a publisher's own feeds. */
export interface OwnHeads {
  /** Peers that answered, knowing the publisher or not. */
  readonly answered: number
  /** Peers that named a head of the root feed that is held here now. */
  readonly named: number
  readonly adopted: readonly FeedHead[]
}

interface Answer {
  readonly peer: PeerId
  readonly heads: readonly FeedHead[]
  /** It names heads of the root feed, and all of them are held here. */
  readonly namesHeldRoot: boolean
}

/**
 * Before the first write after a start, and before any root write: asks peers for this publisher's heads and adopts longer chains
 * that verify (FORMAT section 1, rolled-back disks), also of feeds that it wrote before a restore. With no peers it adopts nothing.
 * @throws FederationError `E_FEED_CLONED` if a peer holds another branch of an own feed: two writers use one key.
 */
export async function ownHeads(ask: OwnHeadsAsk): Promise<OwnHeads> {
  const answers = await answersOf(ask, ask.signal ?? over(ask, OWN_HEADS_MS))
  const adopted: FeedHead[] = []
  for (let i = 0; i < answers.length; i += MAX_ADOPTED_FROM) {
    const from = answers.slice(i, i + MAX_ADOPTED_FROM)
    adopted.push(...(await Promise.all(from.map(answer => adoptAll(ask, answer)))).flat())
  }
  for (const feed of ask.feeds) await refuseClone(ask, feed)
  const named = await Promise.all(answers.map(({ heads }) => namesHeldRoot(ask, heads)))
  return { answered: answers.length, named: named.filter(Boolean).length, adopted }
}

/**
 * Asks connected and coming peers until one knows the publisher or as many as expected were asked. Where one must be heard, those that
 * know nothing or name what is not held here end nothing. Who is asked already is waited for: one may know more than the others.
 * The answers that agree with what is held come first.
 */
async function answersOf(ask: OwnHeadsAsk, signal: AbortSignal): Promise<Answer[]> {
  const { coming, peers, mustHear = false } = ask
  const bound = mustHear ? MAX_SYNC_PEERS : PEERS_A_ROUND
  const most = mustHear && coming ? bound : Math.min(bound, coming?.expected ?? peers.length)
  const isEnough = (answer: Answer) => (mustHear ? answer.namesHeldRoot : answer.heads.length > 0)
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  const answers: Answer[] = []
  const asked = new Set<PeerId>()
  let waiting = 0
  const settle = () => {
    if (waiting === 0 && (asked.size >= most || answers.some(isEnough))) resolve()
  }
  const askPeer = async (peer: PeerId) => {
    if (asked.has(peer) || asked.size >= bound) return
    asked.add(peer)
    waiting++
    const answer = await headsAt(ask, peer, signal)
    waiting--
    if (answer !== null) answers.push(answer)
    settle()
  }
  signal.addEventListener('abort', () => resolve(), { once: true })
  for (const peer of peers) void askPeer(peer)
  const stop = coming?.onConnect(peer => void askPeer(peer))
  settle()
  if (!signal.aborted) await enough
  stop?.()
  return answers.toSorted((a, b) => Number(b.namesHeldRoot) - Number(a.namesHeldRoot))
}

async function headsAt(ask: OwnHeadsAsk, peer: PeerId, signal: AbortSignal): Promise<Answer | null> {
  const { client, publisher } = ask
  const heads: FeedHead[] = []
  const request = encodeFeedRequest({ ask: 'heads', publishers: [publisher] })
  let parts = 0
  try {
    for await (const part of client.request(peer, request, { signal })) {
      const named = parseHeads(part)
      if (named === null) return null
      heads.push(...named.filter(head => head.publisher === publisher))
      if (++parts >= MAX_OWN_HEADS_PARTS) break
    }
    return { peer, heads, namesHeldRoot: await namesHeldRoot(ask, heads) }
  } catch {
    return null
  }
}

/**
 * What one peer names and gives in its own time: one that names what it does not give takes none from the others, and after the first such
 * head no more from the write that waits.
 */
async function adoptAll(ask: OwnHeadsAsk, { peer, heads }: Answer): Promise<FeedHead[]> {
  const limit = over(ask, RANGE_TIMEOUT_MS)
  const adopted: FeedHead[] = []
  for (const head of heads) {
    const how = await adopt(ask, peer, head, limit)
    if (how === 'adopted') adopted.push(head)
    if (how === 'not given' || limit.aborted) break
  }
  return adopted
}

/** Fetches until the head is held. `left`: it was held before, or may not be stored here. */
async function adopt(
  ask: OwnHeadsAsk,
  peer: PeerId,
  head: FeedHead,
  limit: AbortSignal,
): Promise<'adopted' | 'left' | 'not given'> {
  const { client, intake } = ask
  if ((await intake.store.envelope(head.id)) !== null) return 'left'
  for (let from: number | null = null; ; ) {
    const signal = AbortSignal.any([limit, over(ask, OWN_HEADS_MS)])
    const range: RangeAsk = { peer, head, from, pinned: false }
    const outcome: RangeOutcome | null = await fetchRange(client, intake, range, signal).catch(() => null)
    if (outcome?.is === 'bad') ask.onLie?.(peer)
    if (outcome?.is === 'held') return 'adopted'
    if (outcome?.is === 'more') from = outcome.next
    else if (outcome?.is === 'apart' && outcome.from > 1) from = Math.max(1, Math.floor(outcome.from / 2))
    else return outcome?.is === 'refused' || outcome?.is === 'undelegated' ? 'left' : 'not given'
  }
}

/** Aborts after `ms`. */
function over({ clock = systemClock }: OwnHeadsAsk, ms: number): AbortSignal {
  const controller = new AbortController()
  clock.after(ms, () => controller.abort(new FederationError('E_PEER_FAILED', 'the time for own heads is over')))
  return controller.signal
}

async function namesHeldRoot({ intake }: OwnHeadsAsk, heads: readonly FeedHead[]): Promise<boolean> {
  const roots = heads.filter(({ feed }) => feed === ROOT_FEED)
  const held = await Promise.all(roots.map(async ({ id }) => (await intake.store.envelope(id)) !== null))
  return held.length > 0 && held.every(Boolean)
}

async function refuseClone({ intake, publisher }: OwnHeadsAsk, feed: FeedId): Promise<void> {
  const tips = (await intake.store.heads(publisher)).filter(head => head.feed === feed)
  if (tips.length < 2) return
  const name = feed === ROOT_FEED ? 'the root feed' : `feed ${feed.slice(0, 12)}`
  throw new FederationError(
    'E_FEED_CLONED',
    `${name} of this node has ${tips.length} branches: another copy of it wrote`,
    {
      hint: 'stop the other copy; hanse backup FILE and hanse restore FILE into a new home make new feeds',
    },
  )
}
