import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { receiveFile } from '../receive-file.ts'
import { fieldsOf } from '../view.ts'

/** `hanse backup FILE`: a consistent copy of what cannot be fetched again, taken while the node runs. */
export const backupCommand: Command = {
  name: 'backup',
  summary: 'write a consistent backup while the node runs',
  args: [{ name: '<file>', text: 'the file to write; it holds keys, so only you can read it' }],
  async run({ args }, context) {
    const node = await context.node()
    const path = resolve(args[0] ?? '')
    const stream = await node.stream('POST', '/api/backup', { body: {} })
    const { size, sha256 } = await receiveFile(stream, path, { mode: 0o600, signal: context.signal })
    return { data: { path, size, sha256 } }
  },
  view: (data: object) => fieldsOf(data),
}
