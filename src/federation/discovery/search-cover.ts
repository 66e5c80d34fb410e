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
    if (now >= this.#searchingUntil) {
      this.#picked = [] // dialled later it is for another reason
      return []
    }
    if (now < this.#nextLookAt) return this.#picked
    this.#nextLookAt = now + COVER_LOOK_MS
    this.#picked = this.#pick(isConnected, mayDial)
    return this.#picked
  }

  #pick(isConnected: (peer: PeerId) => boolean, mayDial: (peer: PeerId) => boolean): PeerId[] {
    const covered = new Set(this.#followed)
    for (const [peer, held] of this.#held)
      if (isConnected(peer) || this.#chosen.has(peer)) for (const tag of held) covered.add(tag)
    const gainOf = (held: ReadonlySet<string>) => held.difference(covered).size
    const others = [...this.#held]
      .filter(([peer]) => !isConnected(peer) && !this.#chosen.has(peer) && mayDial(peer))
      .map(([peer, held]) => ({ peer, held, gain: gainOf(held) }))
    const picked: PeerId[] = []
    while (others.length > 0 && this.#chosen.size + picked.length < MAX_COVER_DIALS) {
      const best = others.reduce((a, b) => (b.gain > a.gain ? b : a))
      if (best.gain === 0) break
      // A gain only falls, so most need not be counted again.
      const gain = gainOf(best.held)
      if (gain < best.gain) {
        best.gain = gain
        continue
      }
      picked.push(best.peer)
      for (const tag of best.held) covered.add(tag)
      best.gain = 0
    }
    return picked
  }
}
