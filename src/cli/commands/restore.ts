import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { fieldsOf } from '../view.ts'

/** `hanse restore FILE`: the same publisher on an empty home, with a new node and new feeds. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'bring a publisher back on an empty home from a backup',
  args: [{ name: '<file>', text: 'a file written by hanse backup' }],
  options: [{ flags: '--offline', text: 'do not ask peers for newer root records first (risks a fork)' }],
  local: true,
  async run({ args, options }, { home }) {
    const { restoreHome } = await import('../../node/index.ts')
    return { data: await restoreHome(home, resolve(args[0] ?? ''), { offline: options.offline === true }) }
  },
  view: (data: object) => fieldsOf(data),
}
