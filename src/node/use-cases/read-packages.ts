import { setImmediate } from 'node:timers/promises'
import type { PackageName, PackageState, PublisherId } from '../../protocol/index.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'

/** Packages read before others have their turn: about 2 ms. */
const PACKAGES_A_TURN = 64

/** A publisher's packages as their records say, one after the other, damaged ones left out. */
export async function* readPackages(
  { library }: NodeContext,
  publisher: PublisherId,
  names: readonly PackageName[],
): AsyncGenerator<PackageState> {
  for (const [at, name] of names.entries()) {
    const state = unlessDamaged(() => library.package(publisher, name))
    if (state !== null) yield state
    if (at % PACKAGES_A_TURN === PACKAGES_A_TURN - 1) await setImmediate()
  }
}
