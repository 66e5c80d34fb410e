import type { Want } from './want.ts'

/** The wants that one peer offers, in the order in which it offered them. Root feeds lie apart, because they are asked for first. */
export class PeerOffers {
  readonly #roots = new Set<Want>()
  readonly #others = new Set<Want>()

  get size(): number {
    return this.#roots.size + this.#others.size
  }

  add(want: Want): void {
    this.#of(want).add(want)
  }

  delete(want: Want): void {
    this.#of(want).delete(want)
  }

  all(): Want[] {
    return [...this.#roots, ...this.#others]
  }

  /** The first that nothing precedes of those that may be asked for. It looks no further than at one that nothing can precede. */
  first(mayAsk: (want: Want) => boolean): Want | null {
    for (const wants of [this.#roots, this.#others]) {
      let best: Want | null = null
      for (const want of wants) {
        if (mayAsk(want) && (best === null || want.precedes(best))) best = want
        if (best?.isUnpreceded) return best
      }
      if (best !== null) return best
    }
    return null
  }

  #of({ isRoot }: Want): Set<Want> {
    return isRoot ? this.#roots : this.#others
  }
}
