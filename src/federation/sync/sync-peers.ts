import type { PeerId } from '../../protocol/index.ts'
import {
  MAX_HEAD_ASKS_PER_PEER,
  MAX_RANGES_PER_PEER,
  MAX_STRIKES,
  MAX_SYNC_PEERS,
  PEERS_A_ROUND,
  ROUND_MS,
} from './limits.ts'
import { PeerPaces } from './peer-paces.ts'
import { Strikes } from './strikes.ts'

/** Which peers come first in a round: pinned by the operator, the rest. */
export type PeerRank = 'pinned' | 'other'
const RANKS: readonly PeerRank[] = ['pinned', 'other']

interface Peer {
  readonly rank: PeerRank
  /** Numbers of the asks under way. */
  readonly ranges: Set<number>
  readonly heads: Set<number>
  /** When it was last asked for the heads of all that is followed, ms. */
  askedAt: number
  /** Its subscription ended though nobody here ended it. */
  isDeaf: boolean
}

/** The connected peers, what each is asked, and what any peer did not keep. */
export class SyncPeers {
  readonly #random: () => number
  readonly paces = new PeerPaces()
  readonly #peers = new Map<PeerId, Peer>()
  readonly #strikes = new Strikes()

  constructor(random: () => number) {
    this.#random = random
  }

  /** How full it is: peers, peers with strikes, the most heads and ranges asked of one. */
  get sizes() {
    const most = (what: 'ranges' | 'heads') => Math.max(0, ...[...this.#peers.values()].map(peer => peer[what].size))
    return {
      syncPeers: this.#peers.size,
      struckPeers: this.#strikes.size,
      pacedPeers: this.paces.size,
      headAsksOfPeer: most('heads'),
      rangesOfPeer: most('ranges'),
    }
  }

  /** False for one that is there already or one too many. */
  add(id: PeerId, rank: PeerRank, now: number): boolean {
    if (this.#peers.has(id) || this.#peers.size >= MAX_SYNC_PEERS) return false
    this.#peers.set(id, { rank, ranges: new Set(), heads: new Set(), askedAt: now, isDeaf: false })
    return true
  }

  delete(id: PeerId): void {
    this.#peers.delete(id)
    this.paces.forget(id)
  }

  has(id: PeerId): boolean {
    return this.#peers.has(id)
  }

  ids(): PeerId[] {
    return [...this.#peers.keys()]
  }

  asked(id: PeerId, what: 'ranges' | 'heads', ask: number): void {
    this.#peers.get(id)?.[what].add(ask)
  }

  answered(id: PeerId, ask: number): void {
    this.#peers.get(id)?.ranges.delete(ask)
    this.#peers.get(id)?.heads.delete(ask)
  }

  /** The peer pushes no changed heads any more. */
  deafened(id: PeerId): void {
    const peer = this.#peers.get(id)
    if (peer) peer.isDeaf = true
  }

  /** Peers whose subscription ended since the last call. */
  takeDeaf(): PeerId[] {
    const deaf = [...this.#peers].filter(([, { isDeaf }]) => isDeaf)
    for (const [, peer] of deaf) peer.isDeaf = false
    return deaf.map(([id]) => id)
  }

  mayAskHeads(id: PeerId): boolean {
    return (this.#peers.get(id)?.heads.size ?? MAX_HEAD_ASKS_PER_PEER) < MAX_HEAD_ASKS_PER_PEER
  }

  mayAskRange(id: PeerId): boolean {
    return (this.#peers.get(id)?.ranges.size ?? MAX_RANGES_PER_PEER) < MAX_RANGES_PER_PEER
  }

  /** Peers with room for one more range: with the fewest strikes first, then who was not slow, brings most at once, is least busy, and by chance. */
  free(now: number): PeerId[] {
    return this.ids()
      .filter(id => this.mayAskRange(id))
      .map(id => ({
        id,
        strikes: Math.ceil(this.#strikes.of(id, now)), // whole, so that chance decides between those much alike
        slow: Number(this.paces.isSlow(id)),
        bytes: this.paces.bytesOf(id),
        busy: this.#peers.get(id)!.ranges.size,
        luck: this.#random(),
      }))
      .sort(
        (a, b) => a.strikes - b.strikes || a.slow - b.slow || b.bytes - a.bytes || a.busy - b.busy || a.luck - b.luck,
      )
      .map(({ id }) => id)
  }

  /**
   * Up to so many peers: by rank, then who was not asked for longest, each strike a round less, so that redialling gains nothing and
   * nobody is left out; the last place goes to who waited longest, whatever its rank.
   */
  pick(now: number, most = PEERS_A_ROUND): PeerId[] {
    const waiting = [...this.#peers]
      .map(([id, { rank, askedAt }]) => ({
        id,
        rank: RANKS.indexOf(rank),
        turn: askedAt + this.#strikes.of(id, now) * ROUND_MS,
        luck: this.#random(),
      }))
      .sort((a, b) => a.turn - b.turn || a.luck - b.luck)
    const ranked = waiting.toSorted((a, b) => a.rank - b.rank).slice(0, most - 1)
    const last = waiting.find(peer => !ranked.includes(peer))
    return [...ranked, ...(last ? [last] : [])].map(({ id }) => id)
  }

  /** As `pick`; it is their turn at the end again. */
  pickRound(now: number): PeerId[] {
    const picked = this.pick(now)
    for (const id of picked) this.#peers.get(id)!.askedAt = now
    return picked
  }

  /** An offer was not kept, or asking failed; true if the peer did so too often to stay. */
  strike(id: PeerId, what: 'broke' | 'failed', now: number): boolean {
    this.#strikes[what](id, now)
    return this.#strikes.of(id, now) >= MAX_STRIKES
  }

  forgive(id: PeerId, now: number): void {
    this.#strikes.forgive(id, now)
  }
}
