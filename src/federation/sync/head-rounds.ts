import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { Asks } from './asks.ts'
import type { HeadsAnswer, SyncEffect } from './effects.ts'
import type { Followed } from './followed.ts'
import { ROUND_MS } from './limits.ts'
import type { SyncPeers } from './sync-peers.ts'
import { type HeadsChain, ToldByPeers } from './told-heads.ts'

type Peers = Pick<SyncPeers, 'ids' | 'mayAskHeads' | 'pickRound'>
type Requests = Pick<Asks, 'beginHeads' | 'isChained'>

/** How much of what a peer offered is wanted now. */
export interface Taken {
  readonly heads: number
  /** Nothing was left out for want of room. */
  readonly isAll: boolean
}

/**
 * Asks peers for the heads of all that is followed: each when it comes, a few in each round, and on as they answer. What was told and
 * is lost again is told again in a later round, so that everything is heard of in the end.
 */
export class HeadRounds {
  readonly #followed: Followed
  readonly #peers: Peers
  readonly #asks: Requests
  readonly #random: () => number
  readonly #told = new ToldByPeers()
  /** When a round is due, ms; null: not drawn yet. */
  #nextAt: number | null = null

  constructor(followed: Followed, peers: Peers, asks: Requests, random: () => number) {
    this.#followed = followed
    this.#peers = peers
    this.#asks = asks
    this.#random = random
  }

  /** How full each bounded structure is. */
  get sizes() {
    return this.#told.sizes
  }

  /** How many peers told all heads of these publishers. */
  toldAllOf(publishers: ReadonlySet<PublisherId>): number {
    const highest = Math.max(0, ...[...publishers].map(id => this.#followed.numberOf(id)))
    return this.#peers.ids().filter(peer => (this.#told.of(peer)?.upTo ?? 0) >= highest).length
  }

  came(peer: PeerId, now: number): SyncEffect[] {
    this.#told.came(peer)
    return this.#begin(peer, now)
  }

  /** `isKept`: all that it told is held here. */
  left(peer: PeerId, isKept: boolean): void {
    this.#told.left(peer, isKept)
  }

  isDue(now: number): boolean {
    return this.#nextAt !== null && this.#nextAt <= now
  }

  /** When the next round is due, ms. */
  nextAt(now: number): number {
    this.#nextAt ??= now + ROUND_MS * (0.8 + 0.4 * this.#random())
    return this.#nextAt
  }

  /** A round starts. */
  start(now: number): SyncEffect[] {
    this.#nextAt = null
    return this.#peers.pickRound(now).flatMap(peer => this.#begin(peer, now))
  }

  /** The next request by which a peer is asked for all that is followed: what changed, then what it did not tell yet. */
  goOn(peer: PeerId, now: number): SyncEffect[] {
    const told = this.#told.of(peer)
    if (told === undefined || this.#asks.isChained(peer) || !this.#peers.mayAskHeads(peer)) return []
    const chain = { since: told.isDue ? told.cookie : null, upTo: told.upTo }
    const publishers = chain.since === null ? this.#followed.above(told.upTo) : this.#followed.upTo(told.upTo)
    told.isDue = false
    if (publishers.length === 0) return chain.since === null ? [] : this.goOn(peer, now)
    if (chain.since === null) chain.upTo = this.#followed.numberOf(publishers.at(-1)!)
    const ask = this.#asks.beginHeads(peer, chain, now)
    const isPlain = chain.since === null && told.upTo > 0
    return [{ do: 'askHeads', ask, peer, publishers, ...(isPlain ? {} : { since: chain.since }) }]
  }

  /** All heads of one publisher, beside the round. */
  askOne(peer: PeerId, publisher: PublisherId, now: number): SyncEffect[] {
    if (!this.#peers.mayAskHeads(peer)) return []
    const ask = this.#asks.beginHeads(peer, null, now)
    return [{ do: 'askHeads', ask, peer, publishers: [publisher] }]
  }

  /** A request for heads was answered: the peer is asked on, unless not all was taken. `chain`: of the request. */
  answered(peer: PeerId, chain: HeadsChain | null, answer: HeadsAnswer, taken: Taken, now: number): SyncEffect[] {
    const told = this.#told.of(peer)
    if (told === undefined) return []
    if (!taken.isAll || answer.isCut) {
      if (chain?.since === null && taken.heads > 0) told.isFull = true
      else told.spoil()
      return []
    }
    if (chain === null) return []
    told.answered(chain, answer, now, this.#random())
    return this.goOn(peer, now)
  }

  /** What was taken of the peer's is fetched: it is asked on if it told more than that. */
  fetched(peer: PeerId, now: number): SyncEffect[] {
    const told = this.#told.of(peer)
    if (!told?.isFull) return []
    told.isFull = false
    return this.goOn(peer, now)
  }

  /** A head that the peer told is neither held nor wanted any more: only whole heads tell it again. */
  spoil(peer: PeerId): void {
    this.#told.of(peer)?.spoil()
  }

  #begin(peer: PeerId, now: number): SyncEffect[] {
    if (!this.#asks.isChained(peer)) this.#told.of(peer)?.begin(now)
    return this.goOn(peer, now)
  }
}
