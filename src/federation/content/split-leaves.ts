/** Leaves `from` to `from + count - 1`, asked of one mirror in one request. */
export interface LeafRange {
  readonly from: number
  readonly count: number
}

type LeafState = 'missing' | 'asked' | 'done'

/** Which leaves of one artifact are here, which are asked for, and which are missing: none is asked of two at once. */
export class SplitLeaves {
  readonly #states: LeafState[]

  constructor(leaves: number, done: ReadonlySet<number>) {
    this.#states = Array.from({ length: leaves }, (_, index) => (done.has(index) ? 'done' : 'missing'))
  }

  get count(): number {
    return this.#states.length
  }

  get areDone(): boolean {
    return this.#states.every(leaf => leaf === 'done')
  }

  /** Whether any is neither here nor asked for. */
  get areLacking(): boolean {
    return this.#states.includes('missing')
  }

  /** How many are neither here nor asked for. */
  get missing(): number {
    return this.#states.filter(leaf => leaf === 'missing').length
  }

  came(index: number): void {
    this.#states[index] = 'done'
  }

  /** The first that are missing, in a row, `most` of them: asked for from now on. null: none is. */
  take(most: number): LeafRange | null {
    const from = this.#states.indexOf('missing')
    if (from === -1) return null
    let end = from
    while (end - from < most && this.#states[end] === 'missing') this.#states[end++] = 'asked'
    return { from, count: end - from }
  }

  /** Nobody is asked for the range any more: what of it did not come is missing again. */
  giveUp({ from, count }: LeafRange): void {
    for (let index = from; index < from + count; index++)
      if (this.#states[index] === 'asked') this.#states[index] = 'missing'
  }

  /** How many of a range that is asked for did not come yet. */
  leftOf({ from, count }: LeafRange): number {
    let left = 0
    for (let index = from; index < from + count; index++) if (this.#states[index] === 'asked') left++
    return left
  }
}
