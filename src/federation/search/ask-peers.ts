import {
  heldTagOf,
  MAX_QUERY_LENGTH,
  MAX_SEARCH_MS,
  type PeerId,
  type PublisherId,
  type SearchHit,
  type SearchRequest,
} from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { KnownPeers } from './known-peers.ts'
import { MAX_PEER_HITS, MIN_SHARE, SEARCH_DEADLINE_MS } from './limits.ts'
import { SearchMachine } from './machine.ts'
import { PeerSearch } from './peer-search.ts'
import { pickPeers } from './pick-peers.ts'
import type { VerifiedHit } from './verify-hit.ts'

/** What asking needs; `KeptStreams` is a `request`, `verifyHit` a `verify`. */
export interface AskPeersPorts {
  readonly request: (
    peer: PeerId,
    protocol: string,
    payload: Uint8Array,
    options: { readonly signal: AbortSignal; readonly probeAfterMs: number },
  ) => AsyncIterable<Uint8Array>
  readonly verify: (hit: SearchHit) => Promise<VerifiedHit | 'newer' | null>
  /** Whether what verified is wanted here; false leaves it out and blames nobody. */
  readonly accepts?: (hit: VerifiedHit) => boolean
  /** Whether what a hit names is known better here, so that it need not be verified. */
  readonly isHeld?: (hit: SearchHit) => boolean
  /** Whether the publisher of this tag is not followed here; absent: nobody is. */
  readonly lacks?: (tag: string) => boolean
  /** What earlier searches learned about peers. */
  readonly known: KnownPeers
  /** `/hanse/<net>/search/1`. */
  readonly protocol: string
  readonly clock: Clock
  /** A peer sent what no honest peer sends; told once per peer and search. */
  readonly onOffence?: (peer: PeerId, code: 'message-malformed' | 'record-invalid') => void
}

export interface PeerQuery {
  readonly text: string
  /** Connected peers, best first; at most 24 are asked at once, at most 36 in all. */
  readonly peers: readonly PeerId[]
  /** Hits wanted; each peer is asked for all of them, or for its share when many are asked, at most 50. */
  readonly k: number
  /** ms; default 300. */
  readonly deadlineMs?: number
  readonly type?: string
  readonly publisher?: PublisherId
}

/** A verified hit and the peers that sent it. */
export interface PeerHit extends VerifiedHit {
  readonly from: readonly PeerId[]
}

export interface PeerAnswer {
  readonly hits: readonly PeerHit[]
  /** Peers asked, those that answered in full in time, and whether that was not all of them. */
  readonly peers: { readonly asked: number; readonly answered: number; readonly partial: boolean }
}

/** Asks the peers that cover what is not held here, and answers at the deadline at the latest with the hits verified by then. */
export async function askPeers(
  ports: AskPeersPorts,
  query: PeerQuery,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<PeerAnswer> {
  const text = query.text.trim().slice(0, MAX_QUERY_LENGTH).toWellFormed()
  if (text === '' || query.peers.length === 0 || signal?.aborted) return NOBODY_ASKED
  const { known, lacks = () => true } = ports
  const wanted = query.publisher && heldTagOf(query.publisher)
  const candidates = [...new Set(query.peers)].map(peer => known.candidate(peer))
  const plan = pickPeers(candidates, wanted === undefined ? lacks : tag => tag === wanted)
  const request = requestOf(text, query, plan.first.length)
  const search = new PeerSearch(ports, { ...request, wanted: query.k }, new SearchMachine(plan, request.deadlineMs))
  const stop = (): void => search.stop()
  signal?.addEventListener('abort', stop)
  try {
    return await search.run()
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

const NOBODY_ASKED: PeerAnswer = { hits: [], peers: { asked: 0, answered: 0, partial: false } }

function requestOf(
  query: string,
  { k, deadlineMs = SEARCH_DEADLINE_MS, type, publisher }: PeerQuery,
  peers: number,
): SearchRequest {
  return {
    query,
    k: Math.min(shareOf(Math.max(1, Math.round(k)), peers), MAX_PEER_HITS),
    deadlineMs: Math.min(Math.max(1, Math.round(deadlineMs)), MAX_SEARCH_MS),
    type,
    publisher,
  }
}

/** Every hit costs its verification: of many peers, twice what is wanted in all, and five of each. */
function shareOf(wanted: number, peers: number): number {
  return Math.min(wanted, Math.max(MIN_SHARE, Math.ceil((2 * wanted) / Math.max(1, peers))))
}
