import { MAX_TYPO_EFFORT } from './limits.ts'

/** Terms whose letters are looked at for what one comparison costs. */
const SCANNED_PER_COMPARISON = 64

/** What one query may still spend on looking for misspelt words: without it a publisher of odd words makes each of them slow. */
export class Effort {
  #left = MAX_TYPO_EFFORT

  /** Takes the price of passing over so many terms; false: there is too little left. */
  mayScan(terms: number): boolean {
    this.#left -= terms / SCANNED_PER_COMPARISON
    return this.#left > 0
  }

  /** Takes the price of comparing two words letter by letter; false: nothing is left. */
  mayCompare(): boolean {
    return --this.#left > 0
  }
}
