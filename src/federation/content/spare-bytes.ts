import { BESIDE_BYTES, SPARE_BYTES, SPARE_SHARE } from './limits.ts'

/**
 * What this node may let come twice, over all fetches: a share of what came of use, and some at once. So who asks a second peer beside
 * a late one costs a link that is slow as a whole no more than that.
 */
export class SpareBytes {
  #left = SPARE_BYTES

  /** Takes what one more peer may bring in vain, before it is asked; false: there is not so much. */
  take(bytes: number): boolean {
    const cost = bytes + BESIDE_BYTES
    if (cost > this.#left) return false
    this.#left -= cost
    return true
  }

  /** So many of the bytes taken did not come in vain. */
  giveBack(bytes: number): void {
    this.#add(bytes)
  }

  /** So many came that were wanted. */
  earn(bytes: number): void {
    this.#add(bytes * SPARE_SHARE)
  }

  #add(bytes: number): void {
    this.#left = Math.min(SPARE_BYTES, this.#left + bytes)
  }
}
