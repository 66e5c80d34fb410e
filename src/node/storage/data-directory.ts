import { chmod, cp, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError, systemCodeOf } from './errors.ts'
import { replaceFile } from './json-file.ts'
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
  await makePrivateFolder(home)
  await using held = new AsyncDisposableStack()
  held.use(await takeProcessLock(join(home, 'lock')))
  const paths = pathsOf(home)
  await agreeOnFormat(home, format)
  for (const folder of [paths.database, paths.content, paths.state]) await makePrivateFolder(folder)
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

async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new StorageError('E_STORAGE_FAILED', `${path} cannot be a folder of this node`, {
      cause,
      hint: 'choose another home with --home DIR',
    })
  }
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
  try {
    const text = (await readFile(join(home, 'format'), 'utf8')).trim()
    if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text)
    throw new StorageError('E_HOME_CORRUPT', `${join(home, 'format')} is not a number`)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error
  }
  if (await isThere(pathsOf(home).database)) {
    throw new StorageError('E_HOME_CORRUPT', `${home} has a database but no format file`)
  }
  return null
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

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
