import { MAX_ASKED_PUBLISHERS, type PublisherId } from '../../protocol/index.ts'

/** Followed publishers, numbered in the order in which they were followed: how much a peer has told is one number. */
export class Followed {
  readonly #numbers = new Map<PublisherId, number>()
  #last = 0

  get ids(): PublisherId[] {
    return [...this.#numbers.keys()]
  }

  has(publisher: PublisherId): boolean {
    return this.#numbers.has(publisher)
  }

  /** Infinity for one that is not followed: nobody has told it. */
  numberOf(publisher: PublisherId): number {
    return this.#numbers.get(publisher) ?? Number.POSITIVE_INFINITY
  }

  /** Whether any of them is new. */
  add(publishers: readonly PublisherId[]): boolean {
    const before = this.#last
    for (const publisher of publishers) if (!this.has(publisher)) this.#numbers.set(publisher, ++this.#last)
    return this.#last > before
  }

  /** Those of them that were followed. */
  delete(publishers: readonly PublisherId[]): PublisherId[] {
    return publishers.filter(publisher => this.#numbers.delete(publisher))
  }

  /** Those numbered above, as many as one request may name. */
  above(number: number): PublisherId[] {
    const found: PublisherId[] = []
    for (const [publisher, each] of this.#numbers) {
      if (each > number) found.push(publisher)
      if (found.length === MAX_ASKED_PUBLISHERS) break
    }
    return found
  }

  upTo(number: number): PublisherId[] {
    return [...this.#numbers].flatMap(([publisher, each]) => (each <= number ? publisher : []))
  }
}
