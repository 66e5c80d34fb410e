import type { PeerId } from '../../protocol/index.ts'
import { ROTATE_EVERY_MS, ROTATE_SOON_MS } from './limits.ts'

/** When an untried peer is dialled to take another's place, and which one is. */
export class Rotation {
  /** The peer dialled for that; null: nobody is tried now. */
  trying: PeerId | null = null
  readonly #random: () => number
  #nextAt: number | null = null

  constructor(random: () => number) {
    this.#random = random
  }

  /** When to look again, ms; null before the first look. */
  get nextAt(): number | null {
    return this.#nextAt
  }

  /** Whether it is time; `hasProven`: a connected peer brought records, so this node is not surrounded. */
  isDue(hasProven: boolean, now: number): boolean {
    this.#nextAt ??= now + this.#wait(hasProven)
    if (this.#nextAt > now) return false
    this.#nextAt = now + this.#wait(hasProven)
    return true
  }

  /** The trial of this peer is over; false: it was not tried. */
  ended(peer: PeerId): boolean {
    if (this.trying !== peer) return false
    this.trying = null
    return true
  }

  #wait(hasProven: boolean): number {
    return (hasProven ? ROTATE_EVERY_MS : ROTATE_SOON_MS) * (0.8 + 0.4 * this.#random())
  }
}
