import type { PackageName, Sha256 } from '../ids.ts'
import { shortNumbers } from '../numbers.ts'
import type { FeedState, PackageState } from './catalogue.ts'
import { type CountedOp, compareOps } from './counted-op.ts'
import type { CountedOps } from './counted-ops.ts'
import { addToSum, bytesOfDigest, digestOfBytes, packageDigestOf, publisherDigestOf, takeFromSum } from './digest.ts'
import { grownStateOf } from './grown-state.ts'
import type { HeldOps } from './held-ops.ts'
import type { HeldRecords } from './held-records.ts'
import type { KeptFew } from './kept-few.ts'
import { packageStateOf, publicOf } from './package-state.ts'

const DIGEST_BYTES = 32

/** A state as it was, and what came for it since. */
export interface KeptState {
  readonly state: PackageState
  /** The last of its ops in the fold's order. */
  readonly last: CountedOp
  /** Releases, tags and origins that count since. */
  readonly since: number[]
}

export interface PackageStatesParts {
  readonly held: HeldRecords
  readonly ops: HeldOps
  readonly counted: CountedOps
  /** States of all publishers; this one's begin with `prefix`. */
  readonly kept: KeptFew<string, KeptState>
  readonly prefix: string
}

/**
 * The states of one publisher's packages, computed when they are asked for from records that are read again: few are kept. To one
 * that is kept, what comes behind its ops is added, so that a package with a thousand releases is not folded anew for each.
 */
export class PackageStates {
  readonly #parts: PackageStatesParts
  /** Packages whose digest is not in the sum as it is now. */
  readonly #unsummed = new Set<number>()
  /** By package; zeros: not in the sum. */
  #digests = new Uint8Array(0)
  #sum = 0n
  /** By package. */
  readonly #versions = shortNumbers()
  #releases = 0

  constructor(parts: PackageStatesParts) {
    this.#parts = parts
  }

  /** Takes note that a package's ops changed. */
  forget(pkg: number): void {
    this.#unsummed.add(pkg)
    this.#parts.kept.delete(this.#keyOf(pkg))
  }

  /** Takes note of a release, a tag or an origin of a package that counts from now on, behind the others of its feed. */
  grow(pkg: number, op: number): void {
    this.#unsummed.add(pkg)
    this.#parts.kept.get(this.#keyOf(pkg))?.since.push(op)
  }

  of(pkg: number): PackageState | null {
    const { kept, counted, ops } = this.#parts
    const key = this.#keyOf(pkg)
    const known = kept.get(key)
    if (known?.since.length === 0) return known.state
    const grown = known === undefined ? null : grownStateOf(pkg, known, this.#parts)
    const next = grown ?? stateOf(ops.nameOf(pkg), counted, pkg)
    if (next === null) kept.delete(key)
    else kept.set(key, { ...next, since: [] }, weightOf(next.state))
    return next?.state ?? null
  }

  /** Every package with a state: computed as it is taken out. */
  get all(): ReadonlyMap<PackageName, PackageState> {
    return new PackageMap(this, this.#parts)
  }

  /** The digest of all packages and these feeds. */
  digest(feeds: readonly FeedState[]): Sha256 {
    this.#settleAll()
    return publisherDigestOf(feeds, this.#sum)
  }

  /** Versions released, of all packages. */
  releases(): number {
    this.#settleAll()
    return this.#releases
  }

  /** Brings the sums up to date with one package. */
  settle(pkg: number): void {
    if (this.#unsummed.has(pkg)) this.#sumUp(pkg, this.#parts.counted.arePointedAtHidden)
  }

  #settleAll(): void {
    const isMixed = this.#unsummed.size > 0 && this.#parts.counted.arePointedAtHidden
    for (const pkg of this.#unsummed) this.#sumUp(pkg, isMixed)
  }

  /** `isMixed`: what is not public may point at what is. */
  #sumUp(pkg: number, isMixed: boolean): void {
    const { ops, counted } = this.#parts
    const whole = this.of(pkg)
    const isShared = !isMixed && counted.isNamedOpenly(pkg)
    const state = isShared ? whole : packageStateOf(ops.nameOf(pkg), publicOf(counted.opsOf(pkg)))
    const versions = whole?.releases.size ?? 0
    this.#releases += versions - this.#versions.at(pkg)
    this.#versions.set(pkg, versions)
    this.#unsummed.delete(pkg)
    const digest = state === null ? 0n : packageDigestOf(state)
    this.#sum = addToSum(takeFromSum(this.#sum, digestOfBytes(this.#digestAt(pkg))), digest)
    this.#digestAt(pkg).set(bytesOfDigest(digest))
  }

  #digestAt(pkg: number): Uint8Array {
    if (this.#digests.length < (pkg + 1) * DIGEST_BYTES) {
      const longer = new Uint8Array(Math.max(this.#parts.ops.packageCount, pkg + 1) * DIGEST_BYTES)
      longer.set(this.#digests)
      this.#digests = longer
    }
    return this.#digests.subarray(pkg * DIGEST_BYTES, (pkg + 1) * DIGEST_BYTES)
  }

  #keyOf(pkg: number): string {
    return `${this.#parts.prefix}${pkg}`
  }
}

/** What takes memory: artifacts, records, tags and origins, of which a publisher may say thousands of one version. */
function weightOf({ releases, origins, tags }: PackageState): number {
  let weight = 1 + origins.length + tags.size
  for (const { artifacts, records } of releases.values()) weight += Math.max(artifacts.length, records.length)
  return weight
}

function stateOf(name: PackageName, counted: CountedOps, pkg: number): Omit<KeptState, 'since'> | null {
  const given = counted.opsOf(pkg)
  const state = packageStateOf(name, given)
  const last = given.ops.reduce<CountedOp | null>((a, b) => (a === null || compareOps(a, b) < 0 ? b : a), null)
  return state === null || last === null ? null : { state, last }
}

/** The packages of one publisher with a state, which is read when it is taken out. */
class PackageMap implements ReadonlyMap<PackageName, PackageState> {
  readonly #states: Pick<PackageStates, 'of'>
  readonly #parts: Pick<PackageStatesParts, 'ops' | 'counted'>

  constructor(states: Pick<PackageStates, 'of'>, parts: Pick<PackageStatesParts, 'ops' | 'counted'>) {
    this.#states = states
    this.#parts = parts
  }

  get size(): number {
    let size = 0
    for (const _ of this.#numbers()) size++
    return size
  }

  has(name: PackageName): boolean {
    const pkg = this.#parts.ops.packageOf(name)
    return pkg !== null && this.#parts.counted.hasAny(pkg)
  }

  get(name: PackageName): PackageState | undefined {
    const pkg = this.#parts.ops.packageOf(name)
    return (pkg === null ? null : this.#states.of(pkg)) ?? undefined
  }

  *keys(): MapIterator<PackageName> {
    for (const pkg of this.#numbers()) yield this.#parts.ops.nameOf(pkg)
  }

  *values(): MapIterator<PackageState> {
    for (const [, state] of this) yield state
  }

  entries(): MapIterator<[PackageName, PackageState]> {
    return this[Symbol.iterator]()
  }

  *[Symbol.iterator](): MapIterator<[PackageName, PackageState]> {
    for (const pkg of this.#numbers()) yield [this.#parts.ops.nameOf(pkg), this.#states.of(pkg)!]
  }

  forEach(take: (state: PackageState, name: PackageName, map: ReadonlyMap<PackageName, PackageState>) => void): void {
    for (const [name, state] of this) take(state, name, this)
  }

  *#numbers(): Generator<number> {
    const { ops, counted } = this.#parts
    for (let pkg = 0; pkg < ops.packageCount; pkg++) if (counted.hasAny(pkg)) yield pkg
  }
}
