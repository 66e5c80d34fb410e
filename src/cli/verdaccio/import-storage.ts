import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import type { ApiClient } from '../api-client.ts'
import { AnsweredError } from '../errors.ts'
import { publishFile } from '../publish-path.ts'
import { readVerdaccioStorage, type StoredNpmPackage, type StoredVersion } from './read-storage.ts'

/** What was not taken over, and why. */
interface Refused {
  readonly what: string
  readonly code: string
  readonly why: string
}

/** What an import did, or with `dryRun` would do. */
export interface ImportReport {
  readonly dryRun: boolean
  readonly packages: number
  readonly versions: number
  /** Those of them that were released here before. */
  readonly already: number
  readonly tags: number
  readonly deprecations: number
  readonly refused: readonly Refused[]
}

export interface ImportChoice {
  readonly public: boolean
  readonly dryRun: boolean
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

interface PackageChanges {
  readonly tags: number
  readonly deprecations: number
}

/**
 * Releases what a Verdaccio storage holds through a node, with its bytes, times, tags and deprecations as they are. What is
 * refused is told and stops nothing; what is released already is left as it is, so that an import may be run again.
 */
export async function importVerdaccio(node: ApiClient, folder: string, choice: ImportChoice): Promise<ImportReport> {
  const refused: Refused[] = []
  let [packages, versions, already, tags, deprecations] = [0, 0, 0, 0, 0]
  for await (const stored of readVerdaccioStorage(folder)) {
    choice.signal.throwIfAborted()
    if ('why' in stored) refused.push({ what: stored.path, code: 'E_FILE_CORRUPT', why: stored.why })
    if ('why' in stored || stored.versions.length === 0) continue
    choice.progress(stored.name)
    const taken = new Set<string>()
    for (const version of stored.versions) {
      const outcome = await importVersion(node, stored.name, version, choice)
      if ('code' in outcome) refused.push({ what: `${stored.name}@${version.version}`, ...outcome })
      else taken.add(version.version)
      if ('already' in outcome && outcome.already) already++
    }
    const changes = await importState(node, stored, taken, choice.dryRun).catch((error: unknown) => {
      refused.push({ what: stored.name, ...refusalOf(error) })
      return { tags: 0, deprecations: 0 }
    })
    packages += taken.size > 0 ? 1 : 0
    versions += taken.size
    tags += changes.tags
    deprecations += changes.deprecations
  }
  return { dryRun: choice.dryRun, packages, versions, already, tags, deprecations, refused }
}

/** Releases one version, or says why not. */
async function importVersion(
  node: ApiClient,
  name: string,
  { version, file, integrity, shasum, publishedMs }: StoredVersion,
  { public: isPublic, dryRun }: ImportChoice,
): Promise<{ readonly already: boolean } | { readonly code: string; readonly why: string }> {
  const found = await lstat(file).catch(() => null)
  if (found?.isFile() !== true) return { code: 'E_NOT_FOUND', why: `${file} is no file` }
  if (!(await isOfDigest(file, integrity, shasum))) {
    return { code: 'E_ARTIFACT_ALTERED', why: 'its tarball is not the one that the storage’s digest names' }
  }
  try {
    const at = publishedMs === null ? {} : { at: publishedMs }
    // A tarball that says it is another package is none of this one's versions, whatever its folder and digest.
    const choice = { public: isPublic, dryRun, purl: `npm:${name}@${version}`, ...at }
    return { already: (await publishFile(node, file, choice)).already === true }
  } catch (error) {
    return refusalOf(error)
  }
}

/** What the node says; faults of the connection end the import. */
function refusalOf(error: unknown): { readonly code: string; readonly why: string } {
  if (error instanceof AnsweredError) return { code: error.code, why: error.message }
  throw error
}

/** Whether a file has the strongest digest that is named for it; one for which none is named has. */
async function isOfDigest(file: string, integrity: string | undefined, shasum: string | undefined): Promise<boolean> {
  const sha512 = integrity?.split(/\s+/).find(each => each.startsWith('sha512-'))
  const [algorithm, encoding, expected] =
    sha512 === undefined ? (['sha1', 'hex', shasum] as const) : (['sha512', 'base64', sha512.slice(7)] as const)
  if (expected === undefined) return true
  const hash = createHash(algorithm)
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest(encoding) === expected
}

/** Tags and deprecations of the versions that are there. */
async function importState(
  node: ApiClient,
  { name, versions, tags }: StoredNpmPackage,
  taken: ReadonlySet<string>,
  dryRun: boolean,
): Promise<PackageChanges> {
  const tagged = Object.entries(tags).filter(([, version]) => taken.has(version))
  const deprecated = versions.filter(({ version, deprecated }) => taken.has(version) && deprecated !== '')
  if (dryRun || taken.size === 0) return { tags: tagged.length, deprecations: deprecated.length }
  return await node.call<PackageChanges>('POST', '/api/packages/npm', {
    body: {
      name,
      tags: Object.fromEntries(tagged),
      deprecated: Object.fromEntries(deprecated.map(each => [each.version, each.deprecated])),
    },
  })
}
