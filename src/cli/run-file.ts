import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from './errors.ts'
import { MAX_RUN_FILE_BYTES } from './limits.ts'

/** What a running node leaves in its home for the CLI. */
export interface RunFile {
  readonly pid: number
  readonly url: string
  readonly token: string
}

const HINT = 'hanse start writes a new one; a node that still runs ends by its pid'

/** The run file of the node that runs on this home, or null when none does (also after a `kill -9`). */
export async function findRunFile(home: string): Promise<RunFile | null> {
  const path = join(home, 'run.json')
  let text: string
  try {
    if ((await stat(path)).size > MAX_RUN_FILE_BYTES)
      throw new CliError('E_FILE', `${path} is not a run file`, { hint: HINT })
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (cause instanceof CliError) throw cause
    throw new CliError('E_FILE', `${path} cannot be read`, {
      cause,
      hint: 'give it to the user that runs hanse, or move away what is in its place',
    })
  }
  const run = parseRunFile(text, path)
  return isAlive(run.pid) ? run : null
}

function parseRunFile(text: string, path: string): RunFile {
  try {
    const { pid, url, token } = JSON.parse(text) as Record<string, unknown>
    if (typeof pid === 'number' && typeof url === 'string' && typeof token === 'string') return { pid, url, token }
  } catch (cause) {
    throw new CliError('E_FILE', `${path} is not JSON`, { cause, hint: HINT })
  }
  throw new CliError('E_FILE', `${path} lacks pid, url or token`, { hint: HINT })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
