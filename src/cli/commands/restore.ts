import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readBackupKey } from '../backup-key.ts'
import type { Command } from '../command.ts'
import { CliError } from '../errors.ts'
import { fieldsOf } from '../view.ts'

/** `hanse restore FILE`: the same publisher on an empty home, with a new node and new feeds. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'bring a publisher back on an empty home from a backup',
  examples: ['hanse restore /mnt/backups/hanse-1 --home /srv/hanse', 'hanse restore /mnt/backups/hanse-1 --offline'],
  args: [
    {
      name: '<file>',
      text: 'a file written by hanse backup; its keys open with HANSE_BACKUP_PASSPHRASE or <file>.key beside it',
    },
  ],
  options: [{ flags: '--offline', text: 'do not ask peers for newer root records first (risks a fork)' }],
  local: true,
  async run({ args, options }, { home, environment }) {
    const { restoreHome } = await import('../../node/index.ts')
    const file = resolve(args[0] ?? '')
    await stat(file).catch(cause => {
      throw new CliError('E_NOT_FOUND', `${file} does not exist`, {
        cause,
        hint: 'hanse restore FILE, written by hanse backup',
      })
    })
    const found = [environment.settings.HANSE_BACKUP_PASSPHRASE, await readBackupKey(file)]
    const passphrases = found.filter(each => typeof each === 'string')
    const env = environment.settings
    return { data: await restoreHome(home, file, { offline: options.offline === true, passphrases, env }) }
  },
  view: (data: object) => fieldsOf(data),
}
