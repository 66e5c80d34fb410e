import type { Advisory, PackageName } from '../../protocol/index.ts'
import type { Table, Write } from '../storage/index.ts'
import {
  type AdvisoryState,
  dropAdvisory,
  dropGone,
  type HeldAdvisory,
  type PackageAdvisory,
  putAdvisory,
  putGone,
  putPackage,
  putState,
  readAdvisory,
  readGone,
  readPackage,
} from './advisory-table.ts'
import { MAX_ADVISORIES_PER_PACKAGE } from './limits.ts'

/** What one document changed. */
export type AdvisoryOutcome = 'added' | 'changed' | 'unchanged' | 'withdrawn' | 'too many'

/** Changes of many advisories as one commit: later ones see what earlier ones did. */
export class AdvisoryChanges {
  readonly #table: Table
  readonly #held = new Map<string, HeldAdvisory | null>()
  readonly #gone = new Map<string, number | null>()
  readonly #packages = new Map<PackageName, readonly PackageAdvisory[]>()
  readonly #dropped = new Map<string, HeldAdvisory>()
  #state: AdvisoryState

  constructor(table: Table, state: AdvisoryState) {
    this.#table = table
    this.#state = state
  }

  /** Packages of which something else is known now. */
  get touched(): Iterable<PackageName> {
    return this.#packages.keys()
  }

  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#gone.size === 0
  }

  /** The later `modified` wins; an advisory that was withdrawn or removed comes back with a later one only. */
  apply(advisory: Advisory): AdvisoryOutcome {
    const before = this.#heldOf(advisory.id)
    const known = before?.modified ?? this.#goneOf(advisory.id)
    if (known !== null && known >= advisory.modified) return 'unchanged'
    if (!advisory.isWithdrawn && this.#isTooMany(advisory, before)) return 'too many'
    if (before !== null) this.#takeOut(before)
    this.#state = { ...this.#state, newest: Math.max(this.#state.newest ?? 0, advisory.modified) }
    if (advisory.isWithdrawn) {
      this.#gone.set(advisory.id, advisory.modified)
      return before === null ? 'unchanged' : 'withdrawn'
    }
    this.#putIn(advisory)
    return before === null ? 'added' : 'changed'
  }

  /** Takes an advisory out until it is changed by whoever publishes it; null: it is not held. */
  remove(id: string): HeldAdvisory | null {
    const held = this.#heldOf(id)
    if (held === null) return null
    this.#takeOut(held)
    this.#gone.set(id, held.modified)
    return held
  }

  /** Everything as writes of one commit, and the sums after it. */
  finish(): { readonly writes: readonly Write[]; readonly state: AdvisoryState } {
    const state = this.#state
    const held = [...this.#held.values()].filter(each => each !== null)
    const gone = [...this.#gone].map(([id, modified]) => (modified === null ? dropGone(id) : putGone(id, modified)))
    const writes = [
      ...[...this.#dropped.values()].map(dropAdvisory),
      ...held.map(putAdvisory),
      ...[...this.#packages].map(([name, entries]) => putPackage(name, entries)),
      ...gone,
      putState(state),
    ]
    return { writes, state }
  }

  #putIn({ isWithdrawn: _, affected, ...text }: Advisory): void {
    const packages = [...affected.keys()]
    for (const [name, versions] of affected) {
      this.#packages.set(name, [...this.#entriesOf(name), { ...text, ...versions }])
    }
    this.#held.set(text.id, { ...text, packages })
    if (this.#goneOf(text.id) !== null) this.#gone.set(text.id, null)
    this.#count(text.kind, 1)
  }

  #takeOut(held: HeldAdvisory): void {
    for (const name of held.packages) {
      this.#packages.set(
        name,
        this.#entriesOf(name).filter(({ id }) => id !== held.id),
      )
    }
    this.#held.set(held.id, null)
    this.#dropped.set(`${held.kind}/${held.id}`, held)
    this.#count(held.kind, -1)
  }

  #count(kind: Advisory['kind'], by: 1 | -1): void {
    const { held, malware } = this.#state
    this.#state = { ...this.#state, held: held + by, malware: malware + (kind === 'malware' ? by : 0) }
  }

  #isTooMany({ affected }: Advisory, before: HeldAdvisory | null): boolean {
    return [...affected.keys()].some(
      name => !before?.packages.includes(name) && this.#entriesOf(name).length >= MAX_ADVISORIES_PER_PACKAGE,
    )
  }

  #heldOf(id: string): HeldAdvisory | null {
    const staged = this.#held.get(id)
    return staged === undefined ? readAdvisory(this.#table, id) : staged
  }

  #goneOf(id: string): number | null {
    const staged = this.#gone.get(id)
    return staged === undefined ? readGone(this.#table, id) : staged
  }

  #entriesOf(name: PackageName): readonly PackageAdvisory[] {
    return this.#packages.get(name) ?? readPackage(this.#table, name)
  }
}
