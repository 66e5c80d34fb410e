import type { PackageName, PublisherId, ReleaseState } from '../../protocol/index.ts'
import { Dependents } from './dependents.ts'
import { NeededPackages } from './needed-packages.ts'

/** What of a package's use is known elsewhere in this node. */
export interface UseSignals {
  /** How often packages of a publisher were installed through this node. */
  installsOf(publisher: PublisherId, name: PackageName): number
  /** The publisher that a bare name means here since it was first installed; null: none yet. */
  pinOf(name: PackageName): PublisherId | null
}

const NO_SIGNALS: UseSignals = { installsOf: () => 0, pinOf: () => null }

/** How much packages are used, as far as this node knows: dependents and installs. */
export class Popularity {
  readonly #signals: UseSignals
  readonly #dependents = new Dependents()
  readonly #needed = new NeededPackages()

  constructor(signals: UseSignals = NO_SIGNALS) {
    this.#signals = signals
  }

  /**
   * The weight of a name's dependents and the installs of this publisher's package, added up. A dependency names no publisher: where
   * the name is pinned here, dependents count for the publisher it is pinned to and for no other; else for each that has it.
   */
  of(publisher: PublisherId, name: PackageName): number {
    const meant = this.#signals.pinOf(name) ?? publisher
    const dependents = meant === publisher ? this.#dependents.weightOf(name) : 0
    return dependents + this.#signals.installsOf(publisher, name)
  }

  /** What people are told of a package's use. */
  useOf(publisher: PublisherId, name: PackageName): { readonly dependents: number; readonly installs: number } {
    return { dependents: this.#dependents.packagesOf(name), installs: this.#signals.installsOf(publisher, name) }
  }

  /** Takes note of the release by which a package is shown; null: it is shown no more. */
  show(publisher: PublisherId, name: PackageName, release: ReleaseState | null): void {
    this.#dependents.set(publisher, name, release === null ? [] : this.#needed.of(name, release))
  }

  /** Lets the popularity of a name's packages be looked at again. */
  move(name: PackageName): void {
    this.#dependents.move(name)
  }

  /** Names whose packages' popularity may have moved noticeably, one by one; what is not taken stays. */
  *moved(): Generator<PackageName> {
    for (let name = this.#dependents.takeMoved(); name !== null; name = this.#dependents.takeMoved()) yield name
  }

  /** Takes note that search knows every popularity as it is. */
  settle(): void {
    this.#dependents.settle()
  }
}
