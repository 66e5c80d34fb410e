import { resolve } from 'node:path'
import type { Command, CommandGroup } from '../command.ts'
import type { ImportReport } from '../verdaccio/import-storage.ts'
import { fieldsOf, partsOf, tableOf } from '../view.ts'

const verdaccio: Command = {
  name: 'verdaccio',
  summary: 'release here what was published to a Verdaccio, bytes and times as they are',
  examples: ['hanse import verdaccio /var/lib/verdaccio/storage --dry-run', 'hanse import verdaccio ./storage'],
  args: [{ name: '<folder>', text: 'the folder that `storage` names in its configuration; nothing in it is changed' }],
  options: [
    { flags: '--public', text: 'announce and serve every package to everyone; there is no way back' },
    { flags: '--dry-run', text: 'check everything, publish nothing' },
  ],
  async run({ args, options }, context) {
    const { importVerdaccio } = await import('../verdaccio/import-storage.ts')
    const node = await context.node()
    const choice = { public: options.public === true, dryRun: options.dryRun === true }
    const { progress, signal } = context
    const data = await importVerdaccio(node, resolve(args[0] ?? ''), { ...choice, progress, signal })
    return { data, failed: data.refused.length > 0 }
  },
  view: ({ refused, ...counts }: ImportReport) =>
    partsOf(
      fieldsOf(counts),
      tableOf(
        ['NOT TAKEN OVER', 'CODE', 'WHY'],
        refused.map(({ what, code, why }) => [what, code, why]),
        'nothing was refused',
      ),
    ),
}

/** `hanse import verdaccio`. */
export const importGroup: CommandGroup = {
  name: 'import',
  summary: 'take over what another registry holds',
  commands: [verdaccio],
}
