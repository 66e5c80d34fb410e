import type { PackageName, PublisherId } from '../ids.ts'

/** Which publishers may have a state for a package: a few for each name, so that nobody has to look through all publishers. */
export class PublishersByName {
  /** Most names are of one publisher. */
  readonly #names = new Map<PackageName, PublisherId | Set<PublisherId>>()

  of(name: PackageName): readonly PublisherId[] {
    const found = this.#names.get(name)
    if (found === undefined) return []
    return typeof found === 'string' ? [found] : [...found]
  }

  add(name: PackageName, publisher: PublisherId): void {
    const found = this.#names.get(name)
    if (found === undefined) this.#names.set(name, publisher)
    else if (typeof found !== 'string') found.add(publisher)
    else if (found !== publisher) this.#names.set(name, new Set([found, publisher]))
  }

  delete(name: PackageName, publisher: PublisherId): void {
    const found = this.#names.get(name)
    if (found === publisher || (typeof found === 'object' && found.delete(publisher) && found.size === 0))
      this.#names.delete(name)
  }
}
