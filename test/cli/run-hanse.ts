import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the command line from its sources in a process of its own. */
export async function runHanse(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: 'pipe',
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  child.on('error', reject)
  child.on('close', code => resolve({ code, out, err }))
  child.stdin.end(input)
  return await promise
}
