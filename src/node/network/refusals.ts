import { Standing } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import type { PeerLedger } from './peer-ledger.ts'
import { REFUSED_MS, RefusedPeers, UNRELIABLE_MS } from './refused-peers.ts'

export interface RefusalsPorts {
  /** What passed with each peer, for the operator. */
  readonly ledger: PeerLedger
  /** Counts a refusal of any peer. */
  readonly count: (why: string) => void
  /** Ends the connection with the peer. */
  readonly hangUp: (peer: PeerId) => void
  /** Monotonic time, ms. */
  readonly now: () => number
}

/** What follows for a peer that does wrong: it is counted, hung up on, kept out for a while, and stands lower in gossip. */
export class Refusals {
  readonly #ports: RefusalsPorts
  readonly #refused = new RefusedPeers()
  readonly #standing = new Standing()

  constructor(ports: RefusalsPorts) {
    this.#ports = ports
  }

  /** The peer sent what no honest peer sends. */
  offended(peer: PeerId, why: string): void {
    this.#count(peer, why)
    this.#keepOut('offence', peer, REFUSED_MS)
  }

  /** The peer does not keep its offers; it may come back sooner. */
  unreliable(peer: PeerId, why: string): void {
    this.#count(peer, why)
    this.#keepOut('unreliable', peer, UNRELIABLE_MS)
  }

  /** A peer that came was not let in: it is counted. */
  denied(why: string): void {
    this.#ports.count(`connection ${why}`)
  }

  /** Whether the peer is still kept out. */
  isRefused(peer: PeerId, now: number): boolean {
    return this.#refused.isRefused(peer, now)
  }

  /** Gossipsub's application score of the peer, never above 0. */
  scoreOf(peer: PeerId, now: number): number {
    return this.#standing.scoreOf(peer, now)
  }

  #count(peer: PeerId, why: string): void {
    this.#ports.count(why)
    this.#ports.ledger.refused(peer, why)
  }

  #keepOut(what: 'offence' | 'unreliable', peer: PeerId, termMs: number): void {
    const now = this.#ports.now()
    this.#refused.refuse(peer, now, termMs)
    this.#standing.did(what, peer, now)
    this.#ports.hangUp(peer)
  }
}
