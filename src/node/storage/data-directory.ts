import { chmod, cp, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError } from './errors.ts'
import { isThere, readText, replaceFile } from './json-file.ts'
import { makeFolder } from './make-folder.ts'
import { takeProcessLock } from './process-lock.ts'

/** Version of the home's layout that this program reads and writes. */
export const HOME_FORMAT = 1

/** One step of a migration: turns a home of format n into one of format n + 1. */
export type MigrationStep = (home: string) => Promise<void>

/** Steps by the format they start from; empty while there is one format. */
const MIGRATIONS: ReadonlyMap<number, MigrationStep> = new Map()

/** A home that this process owns until it disposes of it, and the paths inside. */
export interface DataDirectory extends AsyncDisposable {
  readonly home: string
  /** LevelDB's folder. */
  readonly database: string
  /** Folder of `artifacts/ab/<sha256>`, `partial/` and `aside/`. */
  readonly content: string
  /** Folder of the JSON documents of local state. */
  readonly state: string
  readonly auditLog: string
}

/** What `openDataDirectory` takes for granted; tests pass another pair. */
export interface HomeFormat {
  readonly version: number
  readonly steps: ReadonlyMap<number, MigrationStep>
}

/**
 * Opens a home for this process alone, creating it (mode 0700) at first use and migrating an older one after a copy.
 * @throws StorageError E_HOME_IN_USE with the pid, E_HOME_NEWER, E_HOME_CORRUPT.
 */
export async function openDataDirectory(
  home: string,
  format: HomeFormat = { version: HOME_FORMAT, steps: MIGRATIONS },
): Promise<DataDirectory> {
  await makeOwnFolder(home)
  await using held = new AsyncDisposableStack()
  held.use(await takeProcessLock(join(home, 'lock')))
  const paths = pathsOf(home)
  await agreeOnFormat(home, format)
  for (const folder of [paths.database, paths.content, paths.state]) await makePrivate(folder)
  const kept = held.move()
  return { home, ...paths, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function pathsOf(home: string) {
  return {
    database: join(home, 'database'),
    content: home,
    state: join(home, 'state'),
    auditLog: join(home, 'audit.jsonl'),
  }
}

async function makeOwnFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
    if ((await stat(path)).isDirectory()) return
    throw new TypeError(`${path} is no folder`)
  } catch (cause) {
    throw new StorageError('E_STORAGE_FAILED', `${path} cannot be a folder of this node`, {
      cause,
      hint: 'choose another home with --home DIR',
    })
  }
}

/** Only for folders known to be a home's: another's must keep its mode. */
async function makePrivate(path: string): Promise<void> {
  await makeOwnFolder(path)
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) await chmod(path, 0o700)
}

async function agreeOnFormat(home: string, format: HomeFormat): Promise<void> {
  const found = await readFormat(home)
  if (found === null) return writeFormat(home, format.version)
  if (found === format.version) return
  if (found > format.version) {
    throw new StorageError('E_HOME_NEWER', `${home} has format ${found}, this program knows ${format.version}`, {
      hint: 'run the newer program that wrote it, or choose another home with --home DIR',
    })
  }
  await migrate(home, found, format)
}

/** The home's format, or null for a home not used yet. A database without a format file is nobody's. */
async function readFormat(home: string): Promise<number | null> {
  const path = join(home, 'format')
  const hint = `if only this version of hanse used the home, write ${HOME_FORMAT} into ${path}; else restore a backup: hanse restore FILE --home DIR`
  const text = (await readText(path))?.trim()
  if (text !== undefined) {
    if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text)
    throw new StorageError('E_HOME_CORRUPT', `${path} is not a number`, { hint })
  }
  if (await isThere(pathsOf(home).database)) {
    throw new StorageError('E_HOME_CORRUPT', `${home} has a database but no format file`, { hint })
  }
  await requireFree(home)
  return null
}

/** What may lie in a folder before its first use as a home: what people, `init` or a new disk put there, and the lock. */
const EXPECTED = /^(config\.yaml|policy\.yaml|identity\.json|recovery-key\.json|state|lock.*|\..*|lost\+found)$/

/** A folder that something else uses is not made a home, which would close it to all other users. */
async function requireFree(home: string): Promise<void> {
  const other = (await readdir(home)).find(name => !EXPECTED.test(name))
  if (other === undefined) return
  throw new StorageError('E_STORAGE_FAILED', `${home} is no home of a node and holds other things, such as ${other}`, {
    hint: 'choose an empty or a new folder with --home DIR',
  })
}

/** Copies database and state to `before-format-N`, then takes step after step, writing the format after each. */
async function migrate(home: string, from: number, format: HomeFormat): Promise<void> {
  const { database, state } = pathsOf(home)
  const copy = join(home, `before-format-${format.version}`)
  for (const [folder, name] of [
    [database, 'database'],
    [state, 'state'],
  ] as const) {
    if (await isThere(folder)) await cp(folder, join(copy, name), { recursive: true })
  }
  for (let version = from; version < format.version; version++) {
    const step = format.steps.get(version)
    if (step === undefined)
      throw new StorageError('E_HOME_CORRUPT', `no way leads from format ${version} to ${version + 1}`)
    await step(home)
    await writeFormat(home, version + 1)
  }
}

function writeFormat(home: string, version: number): Promise<void> {
  return replaceFile(join(home, 'format'), Buffer.from(`${version}\n`))
}
