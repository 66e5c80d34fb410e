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
      lines.map(({ key, value, origin, name }) => [
        key,
        shownOf(value),
        name === undefined ? origin : `${origin} ${name}`,
      ]),
      'no settings',
    ),
}

/** A value in words: routes as pattern and target, anything with names of its own by those names. */
function shownOf(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(each => (isRoute(each) ? `${each.match} → ${each.to}` : each)).join(', ') || null
  return typeof value === 'object' && value !== null ? Object.keys(value) : value
}

const isRoute = (value: unknown): value is { readonly match: string; readonly to: string } =>
  typeof value === 'object' && value !== null && 'match' in value && 'to' in value

/** `hanse config list`. */
export const configGroup: CommandGroup = { name: 'config', summary: 'show settings', commands: [list] }
