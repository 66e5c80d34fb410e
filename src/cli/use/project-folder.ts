import { chmod, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../errors.ts'

/** Bytes of a package.json or a client's configuration; more is something else. */
const MAX_FILE_BYTES = 4 * 2 ** 20

/** A project's text file, '' where there is none. */
export async function readProjectFile(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES) throw new CliError('E_FILE', `${path} is too large`)
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    if (cause instanceof CliError) throw cause
    throw new CliError('E_FILE', `${path} cannot be read`, { cause })
  }
}

/** Replaces a project's file whole or not at all, keeping its mode and what it links to; '' removes it. */
export async function writeProjectFile(folder: string, name: string, text: string): Promise<void> {
  const link = join(folder, name)
  const path = await realpath(link).catch(() => link)
  const partial = `${path}.${process.pid}.partial`
  try {
    if (text === '') return await rm(path, { force: true })
    const mode = await stat(path).then(
      found => found.mode & 0o777,
      () => null,
    )
    // Never more readable than what it replaces, which may hold tokens.
    await writeFile(partial, text, { flag: 'wx', mode: mode ?? 0o644 })
    if (mode !== null) await chmod(partial, mode)
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true })
    throw new CliError('E_FILE', `${path} cannot be written`, { cause })
  }
}

/** The names in a project's folder and the `packageManager` its package.json names. */
export async function lookAtProject(folder: string) {
  const present = new Set(await readdir(folder))
  let packageManager: string | null = null
  try {
    const manifest = JSON.parse(await readProjectFile(folder, 'package.json')) as { packageManager?: unknown } | null
    if (typeof manifest?.packageManager === 'string') packageManager = manifest.packageManager
  } catch (error) {
    // A broken package.json is its client's to report.
    if (error instanceof CliError) throw error
  }
  return { present, packageManager }
}
