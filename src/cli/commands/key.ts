import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, type CommandGroup, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { fieldsOf, tableOf } from '../view.ts'

interface KeyLine {
  readonly role: string
  readonly id: string
  readonly state?: string
}

const list: Command = {
  name: 'list',
  summary: 'list the keys and writers of this publisher',
  examples: ['hanse key list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly KeyLine[]>('GET', '/api/keys') }
  },
  view: (keys: readonly KeyLine[]) =>
    tableOf(
      ['ROLE', 'ID', 'STATE'],
      keys.map(({ role, id, state }) => [role, id, state]),
      'no keys',
    ),
}

const exportKey: Command = {
  name: 'export',
  summary: 'export the recovery key; keep it offline',
  examples: ['hanse key export --to recovery-key.json'],
  options: [{ flags: '--to <file>', text: 'write it to a new file instead of stdout' }],
  async run(input, context) {
    const node = await context.node()
    const data = await node.call<object>('POST', '/api/keys/export', { body: {} })
    const to = textOf(input, 'to')
    if (to === undefined) return { data }
    const path = resolve(to)
    try {
      await writeFile(path, `${JSON.stringify(data)}\n`, { mode: 0o600, flag: 'wx' })
    } catch (cause) {
      throw new CliError('E_FILE', `${path} cannot be written`, { cause, hint: 'hanse key export --to NEW-FILE' })
    }
    return { data: { path } }
  },
  view: (data: object) => fieldsOf(data),
}

/** `hanse key list|export`. */
export const keyGroup: CommandGroup = {
  name: 'key',
  summary: 'list keys and export the recovery key',
  commands: [list, exportKey],
}
