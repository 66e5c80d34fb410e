import type { PackageName } from '../ids.ts'
import type { CountedOp } from './counted-op.ts'
import { addressKeyOf, packageNamedBy, targetsOf } from './counted-op.ts'

/** The counted ops of one publisher, found by package; loose ones (profile, holds) apart. */
export class OpIndex {
  readonly #byKey = new Map<string, CountedOp>()
  readonly #named = new Map<PackageName, Map<string, CountedOp>>()
  /** Ops that point at an op, by the key of that op, whether that one counts or not. */
  readonly #pointing = new Map<string, Map<string, CountedOp>>()
  readonly #loose = new Map<string, CountedOp>()

  add(op: CountedOp): void {
    this.#byKey.set(op.key, op)
    const name = packageNamedBy(op.op)
    if (name !== null) put(this.#named, name, op)
    for (const target of targetsOf(op.op)) put(this.#pointing, addressKeyOf(target), op)
    if (isLoose(op)) this.#loose.set(op.key, op)
  }

  remove(op: CountedOp): void {
    this.#byKey.delete(op.key)
    const name = packageNamedBy(op.op)
    if (name !== null) drop(this.#named, name, op)
    for (const target of targetsOf(op.op)) drop(this.#pointing, addressKeyOf(target), op)
    this.#loose.delete(op.key)
  }

  packages(): IterableIterator<PackageName> {
    return this.#named.keys()
  }

  loose(): CountedOp[] {
    return [...this.#loose.values()]
  }

  /** Every op that bears on a package: those naming it, those pointing at them, and the undos of both. */
  opsOf(name: PackageName): CountedOp[] {
    const found = new Map(this.#named.get(name))
    for (let level = [...found.values()]; level.length > 0; ) {
      const pointing: CountedOp[] = []
      for (const op of level) {
        for (const by of this.#pointing.get(op.key)?.values() ?? []) {
          if (!found.has(by.key)) pointing.push(by)
          found.set(by.key, by)
        }
      }
      level = pointing
    }
    return [...found.values()]
  }

  /** The packages whose state an op can change, as far as the ops it points at are here. */
  packagesTouchedBy(op: CountedOp): Set<PackageName> {
    const touched = new Set<PackageName>()
    const seen = new Set<string>()
    for (let level = [op]; level.length > 0; ) {
      const next: CountedOp[] = []
      for (const each of level) {
        if (seen.has(each.key)) continue
        seen.add(each.key)
        const name = packageNamedBy(each.op)
        if (name !== null) touched.add(name)
        for (const target of targetsOf(each.op)) {
          const pointed = this.#byKey.get(addressKeyOf(target))
          if (pointed !== undefined) next.push(pointed)
        }
      }
      level = next
    }
    return touched
  }
}

const isLoose = (op: CountedOp): boolean => op.op.op === 'profile' || op.op.op === 'holds'

function put<K>(map: Map<K, Map<string, CountedOp>>, key: K, op: CountedOp): void {
  const ops = map.get(key)
  if (ops === undefined) map.set(key, new Map([[op.key, op]]))
  else ops.set(op.key, op)
}

function drop<K>(map: Map<K, Map<string, CountedOp>>, key: K, op: CountedOp): void {
  const ops = map.get(key)
  ops?.delete(op.key)
  if (ops?.size === 0) map.delete(key)
}
