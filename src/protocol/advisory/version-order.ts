import { compare as comparePep440, valid as validPep440 } from '@renovatebot/pep440'
import semver, { type SemVer } from 'semver'

/** A version in the form that its ecosystem's order compares. */
export type VersionKey = string | SemVer

/** How an ecosystem orders its versions. */
export interface VersionOrder {
  /** null: not a version there. */
  readonly keyOf: (version: string) => VersionKey | null
  readonly compare: (a: VersionKey, b: VersionKey) => number
}

const SEMVER: VersionOrder = {
  keyOf: version => semver.parse(version, { loose: true }),
  compare: (a, b) => semver.compare(a, b, { loose: true }),
}
const PEP440: VersionOrder = {
  keyOf: version => validPep440(version),
  compare: (a, b) => comparePep440(String(a), String(b)),
}

/** OSV's ecosystems whose versions this node can order, by their package URL type. */
const ECOSYSTEMS: ReadonlyMap<string, string> = new Map([
  ['npm', 'npm'],
  ['PyPI', 'pypi'],
  ['crates.io', 'cargo'],
  ['Go', 'golang'],
])
const ORDERS: ReadonlyMap<string, VersionOrder> = new Map([
  ['npm', SEMVER],
  ['cargo', SEMVER],
  ['golang', SEMVER],
  ['pypi', PEP440],
])

/** The package URL type of an OSV ecosystem; what follows a colon is a release of the ecosystem. */
export function typeOfEcosystem(ecosystem: string): string | null {
  return ECOSYSTEMS.get(ecosystem.split(':', 1)[0] ?? '') ?? null
}

/** null: an ecosystem whose versions are compared as text only. */
export function versionOrderOf(type: string): VersionOrder | null {
  return ORDERS.get(type) ?? null
}

/** The key of a version as advisories write it, which may be as short as `1.2`. */
export function boundKeyOf(order: VersionOrder, version: string): VersionKey | null {
  const key = order.keyOf(version)
  if (key !== null || order !== SEMVER) return key
  return /^v?\d+(\.\d+){0,2}$/.test(version) ? semver.coerce(version) : null
}
