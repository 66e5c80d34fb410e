import { randomBytes } from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { CliError } from './errors.ts'

/** Where the key of a backup lies when no passphrase was set. */
const backupKeyPathOf = (file: string): string => `${file}.key`

/** The key beside a backup, or null. */
export async function readBackupKey(file: string): Promise<string | null> {
  const text = await readFile(backupKeyPathOf(file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new CliError('E_FILE', `${backupKeyPathOf(file)} cannot be read`, {
      cause: error,
      hint: 'give it to the user that runs hanse, or set HANSE_BACKUP_PASSPHRASE',
    })
  })
  const key = text?.trim() ?? ''
  return key === '' ? null : key
}

/** A key beside a backup that is being written; a new one goes again unless it is kept. */
export interface BackupKey extends AsyncDisposable {
  readonly path: string
  readonly text: string
  keep(): void
}

/** The key beside a backup that is about to be written: one that lies there already, else a new one, mode 0600. */
export async function ensureBackupKey(file: string): Promise<BackupKey> {
  const path = backupKeyPathOf(file)
  const known = await readBackupKey(file)
  const text = known ?? randomBytes(32).toString('base64url')
  let isKept = known !== null
  if (known === null) await writeKey(path, text)
  return {
    path,
    text,
    keep: () => {
      isKept = true
    },
    [Symbol.asyncDispose]: async () => {
      if (!isKept) await rm(path, { force: true })
    },
  }
}

async function writeKey(path: string, text: string): Promise<void> {
  try {
    await using written = await open(path, 'w', 0o600)
    await written.chmod(0o600)
    await written.writeFile(`${text}\n`)
    await written.sync()
  } catch (cause) {
    throw new CliError('E_FILE', `${path} cannot be written`, {
      cause,
      hint: 'choose a file in a folder that is there and that this user may write to',
    })
  }
}
