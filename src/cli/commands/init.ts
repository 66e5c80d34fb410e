import type { Command } from '../command.ts'
import { fieldsOf } from '../view.ts'

const PROFILES = ['company', 'mirror', 'publisher'] as const

/** `hanse init [PROFILE]`: configuration, keys and the exported recovery key. */
export const initCommand: Command = {
  name: 'init',
  summary: 'write a commented configuration, create keys and export the recovery key',
  examples: ['hanse init', 'hanse init company --home /srv/hanse'],
  args: [{ name: '[profile]', text: 'what this node is for (default publisher)', choices: PROFILES }],
  local: true,
  async run({ args }, { home, environment }) {
    const { initHome } = await import('../../node/index.ts')
    const profile = PROFILES.find(name => name === args[0]) ?? 'publisher'
    return { data: await initHome(home, profile, environment.settings) }
  },
  view: (data: object) => fieldsOf(data),
}
