import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ensureBackupKey } from '../backup-key.ts'
import type { Command } from '../command.ts'
import { CliError } from '../errors.ts'
import { receiveFile } from '../receive-file.ts'
import { fieldsOf } from '../view.ts'

/** `hanse backup FILE`: a consistent copy of what cannot be fetched again, taken while the node runs. */
export const backupCommand: Command = {
  name: 'backup',
  summary: 'write a consistent backup while the node runs',
  examples: ['hanse backup /mnt/backups/hanse-1'],
  args: [
    {
      name: '<file>',
      text: 'a new file; its keys are encrypted: under HANSE_BACKUP_PASSPHRASE, else under a new key in <file>.key',
    },
  ],
  async run({ args }, { node: nodeOf, environment, signal }) {
    const node = await nodeOf()
    const path = resolve(args[0] ?? '')
    await requireNew(path)
    const chosen = environment.settings.HANSE_BACKUP_PASSPHRASE
    await using key = chosen === undefined ? await ensureBackupKey(path) : null
    const stream = await node.stream('POST', '/api/backup', { body: { passphrase: chosen ?? key?.text } })
    const { size, sha256 } = await receiveFile(stream, path, { mode: 0o600, signal })
    key?.keep()
    const file = { path, size, sha256, ...(await leftOutOf(path)) }
    if (key === null) return { data: { ...file, keys: 'encrypted under HANSE_BACKUP_PASSPHRASE' } }
    const note = 'whoever has both files is this publisher: keep the key file apart from the backup, and lose neither'
    return { data: { ...file, keys: `encrypted under the key in ${key.path}`, keyFile: key.path, note } }
  },
  view: (data: object) => fieldsOf(data),
}

/** What the node could not put into the backup, read back from it. */
async function leftOutOf(path: string) {
  const { readBackup } = await import('../../node/index.ts')
  const { leftOut } = await readBackup(path)
  return { leftOutRecords: leftOut?.records ?? null, leftOutArtifacts: leftOut?.artifacts ?? null }
}

/** An older backup may be the only one of a key, so it is never written over. @throws CliError E_FILE_EXISTS */
async function requireNew(path: string): Promise<void> {
  if ((await lstat(path).catch(() => null)) === null) return
  throw new CliError('E_FILE_EXISTS', `${path} is there already`, {
    hint: 'hanse backup NEW-FILE, or move the old one and its .key away first',
  })
}
