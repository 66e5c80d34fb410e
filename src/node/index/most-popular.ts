/** A term that a token may stand for: its edits from what was typed, and the popularity byte of its most popular document. */
export interface Near {
  readonly distance: number
  readonly popularity: number
}

/** The few terms with the most popular documents, in that order; fewer edits first, then as they come. */
export class MostPopular<T extends Near> {
  readonly items: T[] = []
  /** No less popular term is taken. */
  bar = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Whether a term of this popularity and distance would stay. */
  takes(popularity: number, distance: number): boolean {
    const { items } = this
    if (items.length < this.#most) return true
    const last = items[items.length - 1]!
    return popularity > last.popularity || (popularity === last.popularity && distance < last.distance)
  }

  /** Puts in what is taken. */
  add(near: T): void {
    const { items } = this
    if (items.length >= this.#most) items.pop()
    const isBetter = ({ popularity, distance }: Near): boolean =>
      near.popularity > popularity || (near.popularity === popularity && near.distance < distance)
    let place = items.length
    while (place > 0 && isBetter(items[place - 1]!)) place--
    items.splice(place, 0, near)
    if (items.length === this.#most) this.bar = items[items.length - 1]!.popularity
  }
}
