import type { PeerId } from '../../protocol/index.ts'
import type { Asks } from './asks.ts'
import type { DropReason, SyncEffect } from './effects.ts'
import type { HeadRounds } from './head-rounds.ts'
import type { SyncPeers } from './sync-peers.ts'
import type { Wants } from './wants.ts'

type Peers = Pick<SyncPeers, 'delete' | 'has' | 'strike'>
type Requests = Pick<Asks, 'cancel'>
type Offers = Pick<Wants, 'dropPeer' | 'hasOffers'>
type Rounds = Pick<HeadRounds, 'left'>

/** How peers go: by themselves, or dropped for what they did. Then nothing is asked of them any more, and nothing wanted on their word. */
export class Departures {
  readonly #peers: Peers
  readonly #asks: Requests
  readonly #wants: Offers
  readonly #rounds: Rounds

  constructor(peers: Peers, asks: Requests, wants: Offers, rounds: Rounds) {
    this.#peers = peers
    this.#asks = asks
    this.#wants = wants
    this.#rounds = rounds
  }

  /** The peer disconnected. */
  left(peer: PeerId): SyncEffect[] {
    return this.#forget(peer, !this.#wants.hasOffers(peer))
  }

  /** The peer did not keep an offer, or asking it failed: too often, and it is dropped. */
  strike(peer: PeerId, what: 'broke' | 'failed', now: number): SyncEffect[] {
    return this.#peers.strike(peer, what, now) ? this.drop(peer, 'unreliable') : []
  }

  drop(peer: PeerId, why: DropReason): SyncEffect[] {
    return this.#peers.has(peer) ? [...this.#forget(peer, false), { do: 'dropPeer', peer, why }] : []
  }

  /** `isKept`: all that it told is held here, so that it need not tell it again. */
  #forget(peer: PeerId, isKept: boolean): SyncEffect[] {
    const cancelled = this.#asks.cancel(ask => ask.peer === peer)
    this.#rounds.left(peer, isKept)
    this.#peers.delete(peer)
    this.#wants.dropPeer(peer)
    return cancelled
  }
}
