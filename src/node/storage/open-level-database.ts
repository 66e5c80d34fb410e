import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { isDiskFull, MAKE_ROOM, StorageError } from './errors.ts'
import { keptFreeBytes } from './free-bytes.ts'
import { LevelDatabase, openTables } from './level-database.ts'
import { inUse } from './process-lock.ts'

/** What a test may replace: the free bytes of the disk that holds a folder. */
export interface LevelDatabaseOptions {
  readonly freeBytes?: (folder: string) => Promise<number>
}

/** Opens the LevelDB in `folder`. @throws StorageError E_HOME_IN_USE when another process has it. */
export async function openLevelDatabase(folder: string, options: LevelDatabaseOptions = {}): Promise<LevelDatabase> {
  await requireWhole(folder)
  // The search index merges in a thread that opens the database a second time.
  const level = new ClassicLevel<string, Uint8Array>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    multithreading: true,
  })
  try {
    await level.open()
  } catch (error) {
    throw openErrorOf(error, folder)
  }
  return new LevelDatabase(level, await openTables(level), folder, options.freeBytes ?? keptFreeBytes())
}

/** Makes a LevelDB that does not open one that does, from what its tables and logs still hold. */
export async function repairLevelDatabase(folder: string): Promise<void> {
  await ClassicLevel.repair(folder)
}

/** LevelDB that cannot see its CURRENT file starts anew and forgets everything: a folder that was one is never opened so. */
async function requireWhole(folder: string): Promise<void> {
  const names: readonly string[] = await readdir(folder).catch(() => [])
  const current = await stat(join(folder, 'CURRENT')).catch(() => null)
  if (current !== null || !names.some(name => /\.ldb$|^MANIFEST-/.test(name))) return
  throw new StorageError('E_HOME_CORRUPT', `the database in ${folder} has lost its CURRENT file`, {
    hint: 'run: hanse doctor --repair',
  })
}

function openErrorOf(error: unknown, folder: string): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (isDiskFull(cause))
    return new StorageError('E_DISK_FULL', `the disk is full: ${folder} cannot be opened`, { cause, hint: MAKE_ROOM })
  const code = (cause as { code?: unknown }).code
  if (code === 'LEVEL_LOCKED') return inUse(null)
  const hint = 'run: hanse doctor --repair'
  return new StorageError('E_STORAGE_FAILED', `the database in ${folder} cannot be opened`, { cause, hint })
}
