import { resolve } from 'node:path'
import type { Command, CommandGroup } from '../command.ts'
import { fieldsOf } from '../view.ts'

const verdaccio: Command = {
  name: 'verdaccio',
  summary: 'write this node’s own npm packages as a Verdaccio storage folder',
  examples: ['hanse export verdaccio ./storage'],
  args: [{ name: '<folder>', text: 'a new or empty folder' }],
  async run({ args }, context) {
    const { exportVerdaccio } = await import('../verdaccio/export-storage.ts')
    const { progress, signal } = context
    return { data: await exportVerdaccio(await context.node(), resolve(args[0] ?? ''), { progress, signal }) }
  },
  view: (data: object) => fieldsOf(data),
}

/** `hanse export verdaccio`. */
export const exportGroup: CommandGroup = {
  name: 'export',
  summary: 'hand over what this node published to another registry',
  commands: [verdaccio],
}
