import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from './errors.ts'
import { MAX_READ_FILE_BYTES } from './limits.ts'

/** Versions by npm name. */
export type LockedVersions = Readonly<Record<string, readonly string[]>>

export interface ReadLockFile {
  readonly path: string
  readonly locked: LockedVersions
  /** Entries that come from no registry. */
  readonly skipped: number
}

/** Reads a lock file of npm, pnpm, yarn or bun on this machine. */
export async function readLockFileAt(given: string): Promise<ReadLockFile> {
  const path = resolve(given)
  const { readLockFile } = await import('../node/index.ts')
  const { releases, skipped } = readLockFile(await textAt(path))
  const byName = Map.groupBy(releases, ({ name }) => name)
  const locked = Object.fromEntries([...byName].map(([name, group]) => [name, group.map(({ version }) => version)]))
  return { path, locked, skipped }
}

/** A file that a person wrote or a client made, as text. */
export async function textAt(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_READ_FILE_BYTES) throw new CliError('E_FILE', `${path} is larger than ${MAX_READ_FILE_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CliError(
      isMissing ? 'E_NOT_FOUND' : 'E_FILE',
      `${path} ${isMissing ? 'does not exist' : 'cannot be read'}`,
      {
        cause,
        hint: 'give the path of the file itself',
      },
    )
  }
}
