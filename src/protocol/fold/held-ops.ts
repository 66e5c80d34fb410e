import type { PackageName } from '../ids.ts'
import { shortNumbers } from '../numbers.ts'
import type { DeprecateOp, Op, YankOp } from '../record.ts'
import { addressKeyOf, isLooseOp, packageNamedBy, targetsOf } from './counted-op.ts'

/** A yank or a deprecation: few, and read with every state of its package, so they are kept whole. */
export type Mark = YankOp | DeprecateOp

/**
 * The ops of one publisher's held records, whether they count or not, found by package: a number each, in the order of their
 * records. What an op says is read from its record when it is asked for; marks and loose ops (`isLooseOp`) are kept whole.
 */
export class HeldOps {
  /** By record: its first op. */
  readonly #firsts = shortNumbers()
  readonly #records = shortNumbers()
  /** By op: the package it names, + 1; 0: none. */
  readonly #packages = shortNumbers()
  /** By op: the op of its package that came before, + 1. */
  readonly #earlier = shortNumbers()
  /** By package: the op that came last, + 1. */
  readonly #latest = shortNumbers()
  readonly #numbers = new Map<PackageName, number>()
  readonly #names: PackageName[] = []
  readonly #marks = new Map<number, Mark>()
  readonly #loose = new Map<number, Op>()
  /** Marks that point at an op, by its address, whether it is held or not. */
  readonly #pointing = new Map<string, number[]>()
  readonly #pointingFeeds = new Set<number>()

  /** Takes in the ops of the next record. */
  add(record: number, feed: number, ops: readonly Op[]): void {
    this.#firsts.push(this.#records.length)
    for (const op of ops) {
      const number = this.#records.length
      this.#records.push(record)
      this.#file(number, packageNamedBy(op))
      for (const target of targetsOf(op)) {
        this.#point(addressKeyOf(target), number)
        this.#pointingFeeds.add(feed)
      }
      if (isLooseOp(op)) this.#loose.set(number, op)
      if (op.op === 'yank' || op.op === 'deprecate') this.#marks.set(number, op)
    }
  }

  get names(): readonly PackageName[] {
    return this.#names
  }

  get packageCount(): number {
    return this.#names.length
  }

  /** The number of a package that any op names, or null. */
  packageOf(name: PackageName): number | null {
    return this.#numbers.get(name) ?? null
  }

  nameOf(number: number): PackageName {
    return this.#names[number]!
  }

  /** The package an op names itself, or null. */
  packageNamedBy(op: number): number | null {
    const number = this.#packages.at(op)
    return number === 0 ? null : number - 1
  }

  recordOf(op: number): number {
    return this.#records.at(op)
  }

  /** The place of an op in its record. */
  indexOf(op: number): number {
    return op - this.#firsts.at(this.#records.at(op))
  }

  /** The op at a place of a record, or null. */
  at(record: number, index: number): number | null {
    const op = this.#firsts.at(record) + index
    return op < this.#records.length && this.#records.at(op) === record ? op : null
  }

  /** The ops of a record. */
  *of(record: number): Generator<number> {
    for (let op = this.#firsts.at(record); op < this.#records.length && this.#records.at(op) === record; op++) yield op
  }

  /** The ops that name a package, the one that came last first. */
  *naming(number: number): Generator<number> {
    for (let next = this.#latest.at(number); next !== 0; next = this.#earlier.at(next - 1)) yield next - 1
  }

  /** The op itself if it is kept whole. */
  markAt(op: number): Mark | null {
    return this.#marks.get(op) ?? null
  }

  /** Marks that point at an op. */
  pointingAt(key: string): readonly number[] {
    return this.#pointing.get(key) ?? []
  }

  /** Feeds of which any mark points at an op. */
  get pointingFeeds(): ReadonlySet<number> {
    return this.#pointingFeeds
  }

  loose(): ReadonlyMap<number, Op> {
    return this.#loose
  }

  #file(op: number, name: PackageName | null): void {
    const number = name === null ? null : this.#numberOf(name)
    this.#packages.push(number === null ? 0 : number + 1)
    this.#earlier.push(number === null ? 0 : this.#latest.at(number))
    if (number !== null) this.#latest.set(number, op + 1)
  }

  #numberOf(name: PackageName): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#names.length)
    this.#names.push(name)
    return this.#names.length - 1
  }

  #point(key: string, op: number): void {
    const known = this.#pointing.get(key)
    if (known === undefined) this.#pointing.set(key, [op])
    else if (known.at(-1) !== op) known.push(op)
  }
}
