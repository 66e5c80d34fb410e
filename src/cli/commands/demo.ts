import type { Command } from '../command.ts'
import { linesOf } from '../view.ts'

/** `hanse demo`: three nodes on loopback show the main job on real packages. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'start three nodes on this machine and watch them trade real packages',
  examples: ['hanse demo', 'hanse demo --once --json'],
  options: [{ flags: '--once', text: 'stop after the steps; exit 1 if one was not as expected' }],
  local: true,
  async run(input, context) {
    const { runDemo } = await import('../demo/run-demo.ts')
    return await runDemo(context, input.options.once === true)
  },
  view: () => linesOf(),
}
