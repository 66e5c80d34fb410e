import type { Command, CommandGroup } from '../command.ts'
import { tableOf } from '../view.ts'

interface SettingLine {
  readonly key: string
  readonly value: unknown
  readonly origin: string
  readonly name?: string
}

const list: Command = {
  name: 'list',
  summary: 'show every setting and where it came from',
  examples: ['hanse config list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly SettingLine[]>('GET', '/api/config') }
  },
  view: (lines: readonly SettingLine[]) =>
    tableOf(
      ['KEY', 'VALUE', 'FROM'],
      lines.map(({ key, value, origin, name }) => [key, value, name === undefined ? origin : `${origin} ${name}`]),
      'no settings',
    ),
}

/** `hanse config list`. */
export const configGroup: CommandGroup = { name: 'config', summary: 'show settings', commands: [list] }
