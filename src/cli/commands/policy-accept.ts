import { Readable } from 'node:stream'
import type { Command } from '../command.ts'
import { readLockFileAt } from '../read-lock-file.ts'
import { linesOf } from '../view.ts'
import { lockFileOf } from './policy-test.ts'

interface AcceptedAnswer {
  readonly releases: number
  readonly changed: number
  readonly accepted: number
  readonly removed: boolean
}

/** `hanse policy accept --lockfile FILE`: what is locked today stays allowed. */
export const policyAcceptCommand: Command = {
  name: 'accept',
  summary: 'let what a lock file names stay allowed, whatever its age or name; malware never',
  examples: [
    'hanse policy accept --lockfile package-lock.json',
    'hanse policy accept --lockfile package-lock.json --remove',
  ],
  options: [
    { flags: '--lockfile <file>', text: 'of npm, pnpm, yarn or bun' },
    { flags: '--remove', text: 'take it back' },
  ],
  async run(input, context) {
    const { path, locked, skipped } = await readLockFileAt(lockFileOf(input))
    const list = Buffer.from(JSON.stringify(locked))
    const node = await context.node()
    const answer = await node.call<AcceptedAnswer>('POST', '/api/policy/accepted', {
      query: { remove: input.options.remove === true },
      upload: { stream: Readable.from([list]), size: list.length },
    })
    return { data: { lockfile: path, skipped, ...answer } }
  },
  view: ({ releases, changed, accepted, removed }: AcceptedAnswer) =>
    linesOf(
      removed
        ? `${changed} of ${releases} releases are not accepted any more; ${accepted} are`
        : `${changed} of ${releases} releases are newly accepted; ${accepted} are in all`,
    ),
}
