import { join } from 'node:path'
import { type ProcessRun, runProcess } from '../run-process.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

/** Runs the command line from its sources in a process of its own. */
export async function runHanse(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessRun> {
  const surroundings = { PATH: process.env.PATH, HOME: '/nonexistent', ...env }
  return await runProcess(process.execPath, [MAIN, ...args], { env: surroundings, input })
}
