import type { PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { MAX_POINTS, MAX_STANDINGS, OFFENCE_POINTS, STANDING_POINTS_PER_MS, UNRELIABLE_POINTS } from './limits.ts'

interface Line {
  points: number
  at: number
}

/**
 * What peers did wrong outside gossip, for as long as it counts against their place in the mesh. Who was dropped and comes back
 * stands there no sooner than it behaved for a while.
 */
export class Standing {
  /** Those who did wrong longest ago come first. */
  readonly #lines = new BoundedMap<PeerId, Line>(MAX_STANDINGS)

  /** The peer sent what no honest peer sends, or nothing of what it offered. */
  did(what: 'offence' | 'unreliable', peer: PeerId, now: number): void {
    const more = what === 'offence' ? OFFENCE_POINTS : UNRELIABLE_POINTS
    const points = Math.min(MAX_POINTS, this.#pointsOf(peer, now) + more)
    this.#lines.set(peer, { points, at: now })
  }

  /** Gossipsub's application score, never above 0: below it a peer is in no mesh; its thresholds say what else. */
  scoreOf(peer: PeerId, now: number): number {
    const points = this.#pointsOf(peer, now)
    return points === 0 ? 0 : -points
  }

  #pointsOf(peer: PeerId, now: number): number {
    const line = this.#lines.get(peer)
    if (line === undefined) return 0
    const points = line.points - Math.max(0, now - line.at) * STANDING_POINTS_PER_MS
    if (points > 0) return points
    this.#lines.delete(peer)
    return 0
  }
}
