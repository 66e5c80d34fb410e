import type { PeerId } from '../../protocol/index.ts'
import { COVER_LOOK_MS, MAX_COVER_DIALS, MAX_RECORDS, SEARCHING_MS } from './limits.ts'

/**
 * Whom to connect so that searches, which ask connected peers alone, reach every publisher that nodes say they hold public packages of
 * (by tags). Only a node that searches needs it. A claim costs a place among a few, which count for nothing else.
 */
export class SearchCover {
  readonly #held = new Map<PeerId, ReadonlySet<string>>()
  /** Dialled or connected for what they hold. */
  readonly #chosen = new Set<PeerId>()
  #picked: readonly PeerId[] = []
  #followed: ReadonlySet<string> = new Set()
  #searchingUntil = Number.NEGATIVE_INFINITY
  #nextLookAt = Number.NEGATIVE_INFINITY

  /** A node says whose public packages it holds. */
  says(peer: PeerId, held: readonly string[]): void {
    this.#held.delete(peer)
    if (held.length === 0) return
    this.#held.set(peer, new Set(held))
    if (this.#held.size > MAX_RECORDS) this.#held.delete(this.#held.keys().next().value!)
  }

  /** This node searches, and has the packages of these publishers itself. */
  searches(followed: ReadonlySet<string>, now: number): void {
    this.#followed = followed
    this.#searchingUntil = now + SEARCHING_MS
  }

  dialled(peer: PeerId): void {
    if (this.#picked.includes(peer)) this.#chosen.add(peer)
  }

  /** Its dial failed or its connection ended. */
  gone(peer: PeerId): void {
    this.#chosen.delete(peer)
  }

  isChosen(peer: PeerId): boolean {
    return this.#chosen.has(peer)
  }

  /** When to look again, ms. */
  nextDue(now: number): number {
    return now < this.#searchingUntil && this.#picked.length > 0 ? this.#nextLookAt : Number.POSITIVE_INFINITY
  }

  /** Peers that together hold most of what no connected peer holds: who adds most first, each that `mayDial`. Looked at once a second. */
  missing(isConnected: (peer: PeerId) => boolean, mayDial: (peer: PeerId) => boolean, now: number): readonly PeerId[] {
    if (now >= this.#searchingUntil) return []
    if (now < this.#nextLookAt) return this.#picked
    this.#nextLookAt = now + COVER_LOOK_MS
    this.#picked = this.#pick(isConnected, mayDial)
    return this.#picked
  }

  #pick(isConnected: (peer: PeerId) => boolean, mayDial: (peer: PeerId) => boolean): PeerId[] {
    const covered = new Set(this.#followed)
    for (const [peer, held] of this.#held)
      if (isConnected(peer) || this.#chosen.has(peer)) for (const tag of held) covered.add(tag)
    let others = [...this.#held].filter(([peer]) => !isConnected(peer) && !this.#chosen.has(peer) && mayDial(peer))
    const picked: PeerId[] = []
    while (this.#chosen.size + picked.length < MAX_COVER_DIALS) {
      const gains = others.map(([peer, held]) => ({ peer, held, gain: [...held].filter(tag => !covered.has(tag)) }))
      const useful = gains.filter(({ gain }) => gain.length > 0)
      if (useful.length === 0) break
      const best = useful.reduce((a, b) => (b.gain.length > a.gain.length ? b : a))
      picked.push(best.peer)
      for (const tag of best.gain) covered.add(tag)
      others = useful.filter(({ peer }) => peer !== best.peer).map(({ peer, held }) => [peer, held])
    }
    return picked
  }
}
