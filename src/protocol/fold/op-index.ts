import type { PackageName } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { Op } from '../record.ts'
import type { CountedOp } from './counted-op.ts'
import { addressKeyOf, isUndo, packageNamedBy, targetsOf } from './counted-op.ts'

/** What bears on one package. */
export interface PackageOps {
  /** Ops that name it, and yanks and deprecations that point at one of them. */
  readonly ops: readonly CountedOp[]
  /** Which of them is undone by which op. */
  readonly undos: readonly { readonly by: CountedOp; readonly key: string }[]
}

/** The counted ops of one publisher, found by package; loose ones (profile, holds) apart. */
export class OpIndex {
  readonly #byKey = new Map<string, CountedOp>()
  readonly #named = new Map<PackageName, Map<string, CountedOp>>()
  /** Ops that point at an op, by the key of that op, whether that one counts or not. */
  readonly #pointing = new Map<string, Map<string, CountedOp>>()
  readonly #loose = new Map<string, CountedOp>()

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

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

  /** Every op that bears on a package; one that points at another counts only if its feed's scope covers the package (section 6.5). */
  opsOf(name: PackageName): PackageOps {
    const short = shortNameOf(name)
    const ops = [...(this.#named.get(name)?.values() ?? [])]
    const undos: { by: CountedOp; key: string }[] = []
    // Grows while it is walked: marks that point at an op may be undone themselves.
    for (const op of ops) {
      for (const by of this.#pointing.get(op.key)?.values() ?? []) {
        if (!by.feed.scope.covers(short)) continue
        if (!isUndo(by.op)) {
          if (op.op.op === 'release') ops.push(by)
        } else if (by.op.op === op.op.op) undos.push({ by, key: op.key })
      }
    }
    return { ops, undos }
  }

  /** The packages whose state an op can change, as far as the ops it points at are here. */
  packagesTouchedBy(op: CountedOp): Set<PackageName> {
    const touched = new Set<PackageName>()
    const add = (each: CountedOp | undefined): void => {
      const name = each === undefined ? null : packageNamedBy(each.op)
      if (name !== null) touched.add(name)
    }
    add(op)
    for (const pointed of this.#pointedAtBy(op)) {
      add(pointed)
      // An undo of an undo changes nothing, so nothing lies deeper than what an undone mark points at.
      if (isUndo(op.op) && !isUndo(pointed.op)) for (const deeper of this.#pointedAtBy(pointed)) add(deeper)
    }
    return touched
  }

  *#pointedAtBy({ op }: CountedOp): Generator<CountedOp> {
    for (const target of targetsOf(op)) {
      const pointed = this.#byKey.get(addressKeyOf(target))
      if (pointed !== undefined) yield pointed
    }
  }
}

const LOOSE: ReadonlySet<Op['op']> = new Set(['profile', 'holds', 'audience', 'member'])
/** Whether an op is about no package. */
export const isLoose = ({ op }: CountedOp): boolean => LOOSE.has(op.op)

function put<K>(map: Map<K, Map<string, CountedOp>>, at: K, op: CountedOp): void {
  const known = map.get(at)
  if (known === undefined) map.set(at, new Map([[op.key, op]]))
  else known.set(op.key, op)
}

function drop<K>(map: Map<K, Map<string, CountedOp>>, at: K, op: CountedOp): void {
  const known = map.get(at)
  known?.delete(op.key)
  if (known?.size === 0) map.delete(at)
}
