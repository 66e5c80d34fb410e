import type { PackageName, Sha256 } from '../ids.ts'
import type { FeedState, PackageState } from './catalogue.ts'
import { isPublic } from './counted-op.ts'
import { addToSum, packageDigestOf, publisherDigestOf, takeFromSum } from './digest.ts'
import type { OpIndex } from './op-index.ts'
import { packageStateOf, publicOf } from './package-state.ts'

/**
 * The states of one publisher's packages, computed when they are asked for: a package with a thousand releases that come one by
 * one is not folded a thousand times unless somebody looks each time.
 */
export class PackageStates {
  readonly #index: OpIndex
  readonly #known = new Map<PackageName, PackageState>()
  /** Packages whose state is not in `known` as it is now. */
  readonly #stale = new Set<PackageName>()
  /** Packages whose digest is not in the sum as it is now. */
  readonly #unsummed = new Set<PackageName>()
  readonly #digests = new Map<PackageName, bigint>()
  #sum = 0n

  constructor(index: OpIndex) {
    this.#index = index
  }

  /** Takes note that the ops of packages changed. */
  forget(names: Iterable<PackageName>): void {
    for (const name of names) {
      this.#stale.add(name)
      this.#unsummed.add(name)
    }
  }

  of(name: PackageName): PackageState | null {
    if (this.#stale.delete(name)) {
      const state = packageStateOf(name, this.#index.opsOf(name))
      if (state === null) this.#known.delete(name)
      else this.#known.set(name, state)
    }
    return this.#known.get(name) ?? null
  }

  /** Every package, and the digest of them and these feeds. */
  all(feeds: readonly FeedState[]): { packages: ReadonlyMap<PackageName, PackageState>; digest: Sha256 } {
    for (const name of this.#stale) this.of(name)
    for (const name of this.#unsummed) this.#sumUp(name)
    this.#unsummed.clear()
    return { packages: this.#known, digest: publisherDigestOf(feeds, this.#sum) }
  }

  #sumUp(name: PackageName): void {
    const ops = this.#index.opsOf(name)
    const isShared = ops.ops.every(isPublic) && ops.undos.every(({ by }) => isPublic(by))
    const state = isShared ? this.of(name) : packageStateOf(name, publicOf(ops))
    this.#sum = takeFromSum(this.#sum, this.#digests.get(name) ?? 0n)
    this.#digests.delete(name)
    if (state === null) return
    const digest = packageDigestOf(state)
    this.#sum = addToSum(this.#sum, digest)
    this.#digests.set(name, digest)
  }
}
