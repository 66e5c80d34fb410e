import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { CliError } from './errors.ts'

/** Where the key of a backup lies when no passphrase was set. */
export const backupKeyPathOf = (file: string): string => `${file}.key`

/** The key beside a backup, or null. */
export async function readBackupKey(file: string): Promise<string | null> {
  const text = await readFile(backupKeyPathOf(file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new CliError('E_FILE', `${backupKeyPathOf(file)} cannot be read`, { cause: error })
  })
  const key = text?.trim() ?? ''
  return key === '' ? null : key
}

/** The key beside a backup that is about to be written: the one of the backup it replaces, else a new one, mode 0600. */
export async function ensureBackupKey(file: string): Promise<string> {
  const known = await readBackupKey(file)
  if (known !== null) return known
  const path = backupKeyPathOf(file)
  const key = randomBytes(32).toString('base64url')
  try {
    await using written = await open(path, 'w', 0o600)
    await written.chmod(0o600)
    await written.writeFile(`${key}\n`)
    await written.sync()
  } catch (cause) {
    throw new CliError('E_FILE', `${path} cannot be written`, { cause })
  }
  return key
}
