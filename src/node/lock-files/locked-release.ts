import semver from 'semver'
import { type PackageName, parsePackageSpec } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { MAX_ENTRIES, MAX_FIELD_CHARS } from './limits.ts'

/** One release of a registry that a lock file names. */
export interface LockedRelease {
  readonly name: string
  readonly package: PackageName
  readonly version: string
  /** SRI text or the client's own checksum; null where the file has none. */
  readonly integrity: string | null
  /** Where the client fetched it; null where the file does not say. */
  readonly resolved: string | null
}

/** What an entry of a lock file says, before it is checked; a field that is no text counts as absent. */
export interface LockEntry {
  readonly name: unknown
  readonly version: unknown
  readonly integrity?: unknown
  readonly resolved?: unknown
}

/** The releases of a lock file, each once; what no registry has is counted. */
export class LockedReleases {
  readonly #releases = new Map<string, LockedRelease>()
  #entries = 0
  /** Entries that are no release of a registry: workspaces, files, git, what another package bundles. */
  skipped = 0

  /** In the order of the file. */
  list(): readonly LockedRelease[] {
    return [...this.#releases.values()]
  }

  skip(): void {
    this.#count()
    this.skipped++
  }

  /** Takes an entry of a registry; one with an impossible name or version is skipped. */
  add({ name, version, integrity, resolved }: LockEntry): void {
    const packageName = packageOf(name)
    if (packageName === null || !isVersion(version)) return void this.skip()
    this.#count()
    this.#releases.set(`${packageName}@${version}`, {
      name: name as string,
      package: packageName,
      version,
      integrity: textOf(integrity),
      resolved: textOf(resolved),
    })
  }

  #count(): void {
    this.#entries++
    if (this.#entries > MAX_ENTRIES) throw unreadable(`it has more than ${MAX_ENTRIES} entries`)
  }
}

/** A lock file that is none. */
export const unreadable = (why: string, cause?: unknown): NodeError =>
  new NodeError('E_USAGE', `the lock file cannot be read: ${why}`, {
    cause,
    hint: 'known are package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml (pnpm 8 and later), yarn.lock and bun.lock',
  })

/** `name@version` taken apart at the last @ that does not begin a scope; null without one. */
export function splitAtVersion(text: string): readonly [name: string, version: string] | null {
  const at = text.indexOf('@', 1)
  return at < 0 ? null : [text.slice(0, at), text.slice(at + 1)]
}

/** The members of an object; of anything else none. */
export const membersOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isObject(value) ? Object.entries(value) : []

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function packageOf(name: unknown): PackageName | null {
  if (typeof name !== 'string') return null
  const spec = parsePackageSpec(`npm:${name}`)
  return spec.ok && spec.value.range === null ? spec.value.package : null
}

const isVersion = (version: unknown): version is string =>
  typeof version === 'string' && version.length <= 128 && semver.parse(version, { loose: true }) !== null

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= MAX_FIELD_CHARS ? value : null
