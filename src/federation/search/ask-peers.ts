import {
  encodeSearchRequest,
  MAX_QUERY_LENGTH,
  MAX_SEARCH_MS,
  type PeerId,
  ProtocolError,
  type PublisherId,
  parseSearchHits,
  type SearchHit,
} from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { MAX_BAD_HITS, MAX_PEER_BYTES, MAX_PEER_HITS, MAX_PEERS_ASKED, SEARCH_DEADLINE_MS } from './limits.ts'
import type { VerifiedHit } from './verify-hit.ts'

/** What asking needs; `KeptStreams` is a `request`, `verifyHit` a `verify`. */
export interface AskPeersPorts {
  readonly request: (
    peer: PeerId,
    protocol: string,
    payload: Uint8Array,
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>
  readonly verify: (hit: SearchHit) => Promise<VerifiedHit | null>
  /** Whether what verified is wanted here; false leaves it out and blames nobody. */
  readonly accepts?: (hit: VerifiedHit) => boolean
  /** `/hanse/<net>/search/1`. */
  readonly protocol: string
  readonly clock: Clock
  /** A peer sent what no honest peer sends; told once per peer and search. */
  readonly onOffence?: (peer: PeerId, code: 'message-malformed' | 'record-invalid') => void
}

export interface PeerQuery {
  readonly text: string
  /** Peers to ask, best first; the first 16 are. */
  readonly peers: readonly PeerId[]
  /** Hits wanted of each, at most 50. */
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
  /** Peers asked, and those that answered in full before the deadline. */
  readonly peers: { readonly asked: number; readonly answered: number }
}

/** Asks peers at once and answers at the deadline at the latest with the hits that were verified by then. */
export async function askPeers(
  ports: AskPeersPorts,
  query: PeerQuery,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<PeerAnswer> {
  const text = query.text.trim().slice(0, MAX_QUERY_LENGTH).toWellFormed()
  const peers = text === '' ? [] : [...new Set(query.peers)].slice(0, MAX_PEERS_ASKED)
  const deadlineMs = Math.min(Math.max(1, Math.round(query.deadlineMs ?? SEARCH_DEADLINE_MS)), MAX_SEARCH_MS)
  const k = Math.min(Math.max(1, Math.round(query.k)), MAX_PEER_HITS)
  const { type, publisher } = query
  const payload = encodeSearchRequest({ query: text, k, deadlineMs, type, publisher })
  const over = new AbortController()
  const search: Search = { ports, payload, limit: k, query, signal: over.signal, found: new Map(), answered: 0 }
  const cancel = ports.clock.after(deadlineMs, () => over.abort())
  const stop = (): void => over.abort()
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) over.abort()
  try {
    await Promise.race([Promise.all(peers.map(peer => askPeer(search, peer))), aborted(over.signal)])
    return { hits: [...search.found.values()], peers: { asked: peers.length, answered: search.answered } }
  } finally {
    cancel()
    signal?.removeEventListener('abort', stop)
    over.abort()
  }
}

interface Search {
  readonly ports: AskPeersPorts
  readonly payload: Uint8Array
  readonly limit: number
  readonly query: PeerQuery
  readonly signal: AbortSignal
  readonly found: Map<string, PeerHit>
  answered: number
}

/** Never throws: a peer that fails has not answered. */
async function askPeer(search: Search, peer: PeerId): Promise<void> {
  const { ports, payload, signal } = search
  try {
    if (signal.aborted) return
    const messages = ports.request(peer, ports.protocol, payload, { signal })
    const outcome = await readHits(search, peer, messages)
    if (signal.aborted) return
    if (outcome === 'bad') ports.onOffence?.(peer, 'record-invalid')
    else search.answered++
  } catch (error) {
    if (error instanceof ProtocolError && !signal.aborted) ports.onOffence?.(peer, 'message-malformed')
  }
}

/** Takes hits until the answer ends or is as long as one may be. */
async function readHits(
  { ports, signal, limit, query, found }: Search,
  peer: PeerId,
  messages: AsyncIterable<Uint8Array>,
): Promise<'ended' | 'bad'> {
  let [bytes, hits, bad] = [0, 0, 0]
  for await (const message of messages) {
    bytes += message.byteLength
    if (signal.aborted || bytes > MAX_PEER_BYTES) break
    const sent = parseSearchHits(message).hits
    for (const hit of sent.slice(0, limit - hits)) {
      const verified = await ports.verify(hit)
      if (signal.aborted) return 'ended'
      if (verified === null) bad++
      else if (isAskedFor(verified, query) && ports.accepts?.(verified) !== false) keep(found, verified, peer)
      if (bad >= MAX_BAD_HITS) return 'bad'
    }
    // A message without hits also counts, so that empty ones cannot go on until the deadline.
    hits += Math.max(1, sent.length)
    if (hits >= limit) break
  }
  return bad > 0 ? 'bad' : 'ended'
}

function isAskedFor(hit: VerifiedHit, { type, publisher }: PeerQuery): boolean {
  return (
    (type === undefined || hit.package.startsWith(`pkg:${type}/`)) && (publisher ?? hit.publisher) === hit.publisher
  )
}

/** One hit per publisher and package: the first that came. */
function keep(found: Map<string, PeerHit>, hit: VerifiedHit, peer: PeerId): void {
  const key = `${hit.publisher} ${hit.package}`
  const known = found.get(key)
  if (known === undefined) found.set(key, { ...hit, from: [peer] })
  else if (!known.from.includes(peer)) found.set(key, { ...known, from: [...known.from, peer] })
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
