import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { textAt } from '../read-lock-file.ts'
import { linesOf } from '../view.ts'

/** `hanse policy check FILE`: validates without applying, and without a node. */
export const policyCheckCommand: Command = {
  name: 'check',
  summary: 'check the text of a policy without applying it',
  examples: ['hanse policy check policy.yaml'],
  args: [{ name: '<file>', text: 'a policy.yaml' }],
  local: true,
  async run({ args: [file = ''] }) {
    const { parsePolicyText } = await import('../../node/index.ts')
    const path = resolve(file)
    const { mode, deny, allow, waivers } = parsePolicyText(await textAt(path), file)
    const counts = { deny: deny.length, allow: allow.length, waivers: waivers.length }
    return { data: { ok: true, file: path, mode, ...counts } }
  },
  view: ({ file, mode }: { file: string; mode: string }) => linesOf(`${file} is a policy, mode ${mode}`),
}
