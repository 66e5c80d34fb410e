import type { PeerId } from '../../protocol/index.ts'
import { addressesToDial, type Candidate } from './candidates.ts'
import type { DialFailure } from './dial-failure.ts'
import { type Choice, lackOf, pickDials, pickUntried } from './dial-order.ts'
import type { DiscoveryEffect } from './effects.ts'
import { Guesses } from './guesses.ts'
import type { KeeperState } from './keeper-state.ts'
import { DIAL_TIMEOUT_MS } from './limits.ts'

/** The dials that run: who is next, until when each is waited for, and what follows when it fails. */
export class Dials {
  readonly #parts: KeeperState
  /** When each is given up, ms. */
  readonly #deadlines = new Map<PeerId, number>()
  readonly #choice: Choice

  constructor(parts: KeeperState) {
    this.#parts = parts
    const { candidates, connections, random } = parts
    this.#choice = {
      ...{ candidates, connections, random, dialling: this.#deadlines, guesses: new Guesses() },
      onlyHolders: now => this.#onlyHolders(now),
    }
  }

  has(peer: PeerId): boolean {
    return this.#deadlines.has(peer)
  }

  /** The peer is here. */
  succeeded(peer: PeerId): void {
    this.#deadlines.delete(peer)
  }

  /** Reports the first failure of a peer; of one that is not being dialled nothing. */
  failed(peer: PeerId, why: DialFailure, now: number): DiscoveryEffect[] {
    return this.#deadlines.has(peer) ? this.#giveUp(peer, why, now) : []
  }

  /** Gives up those that took too long. */
  late(now: number): DiscoveryEffect[] {
    const late = [...this.#deadlines].filter(([, deadline]) => deadline <= now)
    return late.flatMap(([peer]) => this.#giveUp(peer, 'late', now))
  }

  /** Dials who is wanted now. */
  next(now: number): DiscoveryEffect[] {
    return pickDials(this.#choice, now).map(candidate => this.#dial(candidate, now))
  }

  /** From time to time, with all places taken, an untried peer is dialled, which is to take one of them. */
  rotate(now: number): DiscoveryEffect[] {
    const { candidates, connections, rotation } = this.#parts
    if (!rotation.isDue(connections.hasProven, now)) return []
    const anchors = connections.anchors(now).flatMap(peer => candidates.get(peer) ?? [])
    const anchor: DiscoveryEffect = {
      do: 'anchor',
      peers: anchors.map(({ peer, addresses }) => ({ peer, addresses })),
    }
    const isFull = lackOf(connections, this.#deadlines.size) !== 'anybody' && rotation.trying === null
    const untried = isFull ? pickUntried(this.#choice, now) : null
    if (untried === null) return [anchor]
    rotation.trying = untried.peer
    return [anchor, this.#dial(untried, now)]
  }

  /** When the first is given up, ms. */
  nextDue(): number {
    return Math.min(...this.#deadlines.values())
  }

  #dial(candidate: Candidate, now: number): DiscoveryEffect {
    const { peer } = candidate
    this.#deadlines.set(peer, now + DIAL_TIMEOUT_MS)
    this.#parts.cover.dialled(peer)
    return { do: 'dial', peer, addresses: addressesToDial(candidate, now) }
  }

  #giveUp(peer: PeerId, why: DialFailure, now: number): DiscoveryEffect[] {
    const { candidates, cover, rotation, random } = this.#parts
    this.#deadlines.delete(peer)
    cover.gone(peer)
    rotation.ended(peer)
    const candidate = candidates.get(peer)
    const isNews = candidate !== undefined && !candidate.isKnown
    if (isNews) candidate.isKnown = true
    candidates.failed(peer, now, random(), why)
    return isNews ? [{ do: 'report', peer, why }] : []
  }

  /** Of a followed publisher, or of what searches cannot reach otherwise. */
  #onlyHolders(now: number): ReadonlySet<PeerId> {
    const { candidates, connections, dht, cover } = this.#parts
    const isOfUse = (peer: PeerId) => connections.isOfUse(peer)
    const mayDial = (peer: PeerId) =>
      !connections.has(peer) && (candidates.get(peer)?.notBefore ?? Number.POSITIVE_INFINITY) <= now
    return dht.onlyHolders(isOfUse).union(new Set(cover.missing(isOfUse, mayDial, now)))
  }
}
