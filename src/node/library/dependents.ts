import type { PackageName, PublisherId } from '../../protocol/index.ts'
import { hasMoved } from './popularity-step.ts'

/** Packages of one publisher that each count for one; releasing costs nothing, so further ones count ever less. */
const FULLY_COUNTED = 10

/** What the packages of one publisher weigh as dependents of a name: each up to ten, then ten more with every doubling. */
export function weightOfDependents(packages: number): number {
  if (packages <= FULLY_COUNTED) return packages
  return Math.round(FULLY_COUNTED * (1 + Math.log2(packages / FULLY_COUNTED)))
}

/** A name that some package needs. */
interface Needed {
  readonly name: PackageName
  /** Packages that need it. */
  packages: number
  /** Their weight, the publishers' weights added up. */
  weight: number
  /** The weight when it was last taken note of. */
  noted: number
}

/** Packages of one publisher, what each needs, and how many need a name. */
interface Needing {
  readonly lists: Map<PackageName, readonly Needed[]>
  readonly counts: Map<Needed, number>
}

/** How many packages known here need each name, kept up to date package by package. */
export class Dependents {
  readonly #names = new Map<PackageName, Needed>()
  readonly #publishers = new Map<PublisherId, Needing>()
  /** Names whose weight is another than was taken note of, and those to be taken whatever it is (true). */
  readonly #moved = new Map<PackageName, boolean>()

  /** How many names are needed, and by packages of how many publishers. */
  get sizes(): { readonly names: number; readonly publishers: number } {
    return { names: this.#names.size, publishers: this.#publishers.size }
  }

  /** Packages that need a name. */
  packagesOf(name: PackageName): number {
    return this.#names.get(name)?.packages ?? 0
  }

  /** What those packages weigh: a publisher with many is damped. */
  weightOf(name: PackageName): number {
    return this.#names.get(name)?.weight ?? 0
  }

  /** Says what a package needs now, each name once; nothing when it is gone. */
  set(publisher: PublisherId, name: PackageName, needed: readonly PackageName[]): void {
    const before = this.#publishers.get(publisher)?.lists.get(name) ?? []
    if (before.length === needed.length && before.every((each, at) => each.name === needed[at])) return
    const needing = this.#needingOf(publisher)
    const after = needed.map(each => this.#neededOf(each))
    for (const each of after) count(needing, each, 1)
    for (const each of before) count(needing, each, -1)
    if (after.length > 0) needing.lists.set(name, after)
    else needing.lists.delete(name)
    if (needing.lists.size === 0) this.#publishers.delete(publisher)
    for (const each of after) this.#look(each)
    for (const each of before) this.#look(each)
  }

  /** Lets a name be taken whatever its weight. */
  move(name: PackageName): void {
    this.#moved.set(name, true)
  }

  /** The next name whose weight moved noticeably since it was taken last, or null. */
  takeMoved(): PackageName | null {
    const [name] = this.#moved.keys()
    if (name === undefined) return null
    this.#moved.delete(name)
    const needed = this.#names.get(name)
    if (needed !== undefined) needed.noted = needed.weight
    return name
  }

  /** Takes note of all weights as they are. */
  settle(): void {
    this.#moved.clear()
    for (const needed of this.#names.values()) needed.noted = needed.weight
  }

  #look(needed: Needed): void {
    const { name, noted, weight, packages } = needed
    const isMeant = this.#moved.get(name) ?? false
    if (hasMoved(noted, weight)) this.#moved.set(name, isMeant)
    if (packages > 0) return
    this.#names.delete(name)
    // What was told of it is to be taken back; of whom nothing was, as of made-up names, nothing is kept.
    if (noted > 0) this.#moved.set(name, true)
    else if (!isMeant) this.#moved.delete(name)
  }

  #needingOf(publisher: PublisherId): Needing {
    const known = this.#publishers.get(publisher)
    if (known !== undefined) return known
    const needing: Needing = { lists: new Map(), counts: new Map() }
    this.#publishers.set(publisher, needing)
    return needing
  }

  #neededOf(name: PackageName): Needed {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const needed: Needed = { name, packages: 0, weight: 0, noted: 0 }
    this.#names.set(name, needed)
    return needed
  }
}

function count({ counts }: Needing, needed: Needed, by: 1 | -1): void {
  const before = counts.get(needed) ?? 0
  const after = before + by
  if (after === 0) counts.delete(needed)
  else counts.set(needed, after)
  needed.packages += by
  needed.weight += weightOfDependents(after) - weightOfDependents(before)
}
