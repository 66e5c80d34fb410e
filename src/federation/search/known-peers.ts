import { MAX_HELD_TAGS, type PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { CLAIMS_AGE_MS, MAX_KNOWN_PEERS, MAX_PROVEN, QUICKER_SHARE, SLOWER_SHARE, STALLS_FORGIVEN } from './limits.ts'
import type { PeerCandidate } from './pick-peers.ts'

interface KnownPeer {
  claimed: ReadonlySet<string> | null
  claimedAt: number
  /** In the order in which they were proven last. */
  readonly proven: Set<string>
  usualMs: number | null
  /** How often it was asked. */
  searches: number
  /** Answers in a row that did not end by the deadline. */
  stalls: number
  askedAt: number
}

/** What searches have learned about peers: what they hold, how long they take. Bounded; the one unheard of for longest is forgotten. */
export class KnownPeers {
  readonly #peers = new BoundedMap<PeerId, KnownPeer>(MAX_KNOWN_PEERS)

  /** What choosing peers needs to know of one. */
  candidate(peer: PeerId): PeerCandidate {
    const { claimed, proven, usualMs, stalls, askedAt } = this.#peers.get(peer) ?? newPeer()
    const hasStalled = stalls > (usualMs === null ? 0 : STALLS_FORGIVEN)
    return { peer, claimed, proven, usualMs, hasStalled, askedAt }
  }

  /** Whether what the peer says it holds is unknown or old at `now`, ms. */
  wantsClaims(peer: PeerId, now: number): boolean {
    const { claimed, claimedAt } = this.#peers.get(peer) ?? newPeer()
    return claimed === null || now - claimedAt >= CLAIMS_AGE_MS
  }

  asked(peer: PeerId, now: number): void {
    const known = this.#touch(peer)
    known.askedAt = now
    known.searches++
  }

  /** How often the peer was asked, and of which publishers its hits verified. */
  borneOut(peer: PeerId): { readonly searches: number; readonly proven: ReadonlySet<string> } {
    return this.#peers.get(peer) ?? newPeer()
  }

  /** The peer says that it holds public packages of these publishers. */
  claims(peer: PeerId, tags: readonly string[], now: number): void {
    const known = this.#touch(peer)
    known.claimed = new Set(tags.slice(0, MAX_HELD_TAGS))
    known.claimedAt = now
  }

  /** A verified hit of this publisher came from the peer. */
  proved(peer: PeerId, tag: string): void {
    const { proven } = this.#touch(peer)
    proven.delete(tag)
    proven.add(tag)
    if (proven.size > MAX_PROVEN) proven.delete(proven.values().next().value!)
  }

  /** The peer answered in full, `ms` after it was asked. */
  answered(peer: PeerId, ms: number): void {
    const known = this.#touch(peer)
    const usual = known.usualMs ?? ms
    known.usualMs = usual + (ms - usual) * (ms < usual ? QUICKER_SHARE : SLOWER_SHARE)
    known.stalls = 0
  }

  /** The deadline came before the end of the peer's answer. */
  stalled(peer: PeerId): void {
    this.#touch(peer).stalls++
  }

  #touch(peer: PeerId): KnownPeer {
    const known = this.#peers.get(peer) ?? newPeer()
    this.#peers.set(peer, known)
    return known
  }
}

const newPeer = (): KnownPeer => ({
  claimed: null,
  claimedAt: Number.NEGATIVE_INFINITY,
  proven: new Set(),
  usualMs: null,
  searches: 0,
  stalls: 0,
  askedAt: Number.NEGATIVE_INFINITY,
})
