import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { PackageName } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'
import { MAX_ACCEPTED_CHARS, MAX_ACCEPTED_RELEASES } from './limits.ts'

/** Versions by package: as they are written to disk. */
export const releaseListSchema = z.record(z.string().regex(/^pkg:/).max(1024), z.array(z.string().min(1).max(256)))
const schema = z.strictObject({ version: z.literal(1), releases: releaseListSchema })

/** Versions by package. */
export type ReleaseList = Readonly<Record<string, readonly string[]>>

export interface AcceptedChange {
  readonly added: ReleaseList
  readonly removed: ReleaseList
}

/** How many releases a list names. */
export const countOf = (releases: ReleaseList): number =>
  Object.values(releases).reduce((sum, versions) => sum + versions.length, 0)

/** The releases of lock files that were accepted: exempt from age and look-alike. */
export class AcceptedReleases {
  readonly #path: string
  #releases: ReadonlyMap<string, ReadonlySet<string>>
  #revision: string

  private constructor(path: string, releases: ReleaseList) {
    this.#path = path
    this.#releases = new Map(Object.entries(releases).map(([name, versions]) => [name, new Set(versions)]))
    this.#revision = revisionOf(this.#releases)
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE */
  static async open(path: string): Promise<AcceptedReleases> {
    return new AcceptedReleases(path, (await readJsonFile(path, schema))?.releases ?? {})
  }

  /** Changes exactly when the set does. */
  get revision(): string {
    return this.#revision
  }

  get count(): number {
    return [...this.#releases.values()].reduce((sum, versions) => sum + versions.size, 0)
  }

  has(name: PackageName, version: string): boolean {
    return this.#releases.get(name)?.has(version) ?? false
  }

  /** Those of a list that are accepted, or with `isIn` false those that are not. */
  select(releases: ReleaseList, isIn: boolean): ReleaseList {
    const picked = Object.entries(releases).map(
      ([name, versions]) =>
        [name, [...new Set(versions)].filter(version => this.has(name as PackageName, version) === isIn)] as const,
    )
    return Object.fromEntries(picked.filter(([, versions]) => versions.length > 0))
  }

  /** @throws NodeError E_TOO_LARGE */
  requireRoomFor(change: AcceptedChange): void {
    requireRoom(this.#after(change))
  }

  /** Durable when it resolves. */
  async change(change: AcceptedChange): Promise<void> {
    const next = this.#after(change)
    const releases = Object.fromEntries([...next].map(([name, versions]) => [name, [...versions]]))
    await replaceJsonFile(this.#path, { version: 1, releases })
    this.#releases = next
    this.#revision = revisionOf(next)
  }

  #after({ added, removed }: AcceptedChange): ReadonlyMap<string, ReadonlySet<string>> {
    const next = new Map([...this.#releases].map(([name, versions]) => [name, new Set(versions)]))
    for (const [name, versions] of Object.entries(removed)) {
      for (const version of versions) next.get(name)?.delete(version)
      if (next.get(name)?.size === 0) next.delete(name)
    }
    for (const [name, versions] of Object.entries(added)) {
      next.set(name, new Set([...(next.get(name) ?? []), ...versions]))
    }
    return next
  }
}

function requireRoom(releases: ReadonlyMap<string, ReadonlySet<string>>): void {
  let count = 0
  let chars = 0
  for (const [name, versions] of releases) {
    count += versions.size
    chars += name.length
    for (const version of versions) chars += version.length
  }
  if (count <= MAX_ACCEPTED_RELEASES && chars <= MAX_ACCEPTED_CHARS) return
  throw new NodeError('E_TOO_LARGE', `more than ${MAX_ACCEPTED_RELEASES} releases would be accepted`, {
    hint: 'hanse policy accept --remove --lockfile FILE takes those of an old lock file back',
  })
}

function revisionOf(releases: ReadonlyMap<string, ReadonlySet<string>>): string {
  const digest = createHash('sha256')
  for (const [name, versions] of [...releases].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    digest.update(`${name}\n${[...versions].toSorted().join('\n')}\n\n`)
  }
  return digest.digest('base64url').slice(0, 22)
}
