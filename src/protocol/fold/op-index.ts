import type { PackageName } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { CountedOp } from './counted-op.ts'
import { addressKeyOf, isLooseOp, isUndo, packageNamedBy, targetsOf } from './counted-op.ts'

/** What bears on one package. */
export interface PackageOps {
  /** Ops that name it, and yanks and deprecations that point at one of them. */
  readonly ops: readonly CountedOp[]
  /** Which of them is undone by which op. */
  readonly undos: readonly { readonly by: CountedOp; readonly key: string }[]
}

/** The counted ops of one publisher, found by package; loose ones (profile, holds) apart. */
export class OpIndex {
  readonly #named = new Map<PackageName, Map<string, CountedOp>>()
  /** Ops that point at an op, by the key of that op, whether that one counts or not. */
  readonly #pointing = new Map<string, Map<string, CountedOp>>()
  readonly #loose = new Map<string, CountedOp>()

  add(op: CountedOp): void {
    const name = packageNamedBy(op.op)
    if (name !== null) put(this.#named, name, op)
    for (const target of targetsOf(op.op)) put(this.#pointing, addressKeyOf(target), op)
    if (isLooseOp(op.op)) this.#loose.set(op.key, op)
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
}

function put<K>(map: Map<K, Map<string, CountedOp>>, at: K, op: CountedOp): void {
  const known = map.get(at)
  if (known === undefined) map.set(at, new Map([[op.key, op]]))
  else known.set(op.key, op)
}
