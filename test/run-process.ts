import { spawn } from 'node:child_process'

/** What a process did. */
export interface ProcessRun {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command to its end, whatever it exits with; `input` is all it can read. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string | Buffer },
): Promise<ProcessRun> {
  const { promise, resolve, reject } = Promise.withResolvers<ProcessRun>()
  const { env, cwd, input = '' } = options
  const child = spawn(command, [...args], { env, ...(cwd === undefined ? {} : { cwd }), stdio: 'pipe' })
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
  child.stdin.on('error', () => {}) // a command that ends before it has read all says why itself
  child.stdin.end(input)
  return await promise
}
