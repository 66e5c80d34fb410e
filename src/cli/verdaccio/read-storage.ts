import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'

/** Bytes of one package.json of a storage: npm's largest packuments have about 30 MiB. */
const MAX_DOCUMENT_BYTES = 64 * 2 ** 20

const text = z.string().max(1_024)
const storedPackage = z.looseObject({
  name: z.string().min(1).max(214),
  versions: z.record(
    text,
    z.looseObject({ dist: z.looseObject({ integrity: text.optional(), shasum: text.optional() }) }),
  ),
  'dist-tags': z.record(text, text).default({}),
  time: z.record(text, text).default({}),
  _attachments: z.record(text, z.unknown()).default({}),
  _distfiles: z.record(text, z.unknown()).default({}),
})
type StoredPackage = z.output<typeof storedPackage>

/** One version that was published to the other registry itself. */
export interface StoredVersion {
  readonly version: string
  /** Path of its tarball. */
  readonly file: string
  /** Digests the storage names: SRI text and sha-1 as hex. */
  readonly integrity: string | undefined
  readonly shasum: string | undefined
  /** ms since 1970; null where the storage names no time. */
  readonly publishedMs: number | null
  /** Empty: not deprecated. */
  readonly deprecated: string
}

/** What a Verdaccio storage folder has of one package. */
export interface StoredNpmPackage {
  readonly name: string
  /** Oldest first. */
  readonly versions: readonly StoredVersion[]
  readonly tags: Readonly<Record<string, string>>
}

/** What could not be read. */
export interface Unreadable {
  readonly path: string
  readonly why: string
}

/** Every package in a Verdaccio 4 to 6 storage folder, by name; copies of other registries' versions are left out. */
export async function* readVerdaccioStorage(folder: string): AsyncGenerator<StoredNpmPackage | Unreadable> {
  for (const name of await packageFoldersOf(folder)) {
    const path = join(folder, name, 'package.json')
    const read = await readPackage(path)
    if (read === null) continue
    if (!read.ok) yield { path, why: read.why }
    else if (read.stored.name !== name) yield { path, why: `it is of ${read.stored.name}, its folder of ${name}` }
    else yield { name, versions: ownVersionsOf(read.stored, join(folder, name)), tags: read.stored['dist-tags'] }
  }
}

/** Folders of packages, scoped ones two deep, in order of their names. @throws CliError E_NOT_FOUND */
async function packageFoldersOf(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const name of await foldersIn(folder)) {
    if (!name.startsWith('@')) names.push(name)
    else for (const below of await foldersIn(join(folder, name))) names.push(`${name}/${below}`)
  }
  return names.toSorted()
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw new CliError('E_NOT_FOUND', `${folder} cannot be read as a folder`, {
      cause,
      hint: 'the folder that `storage` names in the other registry’s configuration',
    })
  })
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
}

type Read = { readonly ok: true; readonly stored: StoredPackage } | { readonly ok: false; readonly why: string }

/** null where there is no package at all. */
async function readPackage(path: string): Promise<Read | null> {
  const found = await stat(path).catch(() => null)
  if (found === null) return null
  if (found.size > MAX_DOCUMENT_BYTES) return { ok: false, why: `larger than ${MAX_DOCUMENT_BYTES} bytes` }
  try {
    await using file = await open(path)
    const parsed = storedPackage.safeParse(JSON.parse(await file.readFile('utf8')))
    if (parsed.success) return { ok: true, stored: parsed.data }
    const [issue] = parsed.error.issues
    return { ok: false, why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a package'}` }
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) }
  }
}

/** `_distfiles` names what came from another registry, `_attachments` what lies here. */
function ownVersionsOf(stored: StoredPackage, folder: string): readonly StoredVersion[] {
  const versions = Object.entries(stored.versions).flatMap(([version, manifest]): StoredVersion[] => {
    const file = `${stored.name.split('/').at(-1)}-${version}.tgz`
    if (!Object.hasOwn(stored._attachments, file) || Object.hasOwn(stored._distfiles, file)) return []
    const at = Date.parse(stored.time[version] ?? '')
    const { integrity, shasum } = manifest.dist
    const deprecated = typeof manifest.deprecated === 'string' ? manifest.deprecated : ''
    const publishedMs = Number.isNaN(at) ? null : at
    return [{ version, file: join(folder, file), integrity, shasum, publishedMs, deprecated }]
  })
  return versions.toSorted((a, b) => (a.publishedMs ?? 0) - (b.publishedMs ?? 0))
}
