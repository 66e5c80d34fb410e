import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NodeError } from '../errors.ts'

const run = promisify(execFile)
/** npm starts in a second or two; one that asks something never ends. */
const NPM_TIMEOUT_MS = 15_000

type Variables = Readonly<Record<string, string | undefined>>

/**
 * The registry that this machine's own npm uses: the variable, else the user's `.npmrc`, else what npm itself says.
 * @throws NodeError E_CONFIG when there is none to be found
 */
export async function machineRegistryOf(variables: Variables): Promise<string> {
  const named = Object.entries(variables).find(([name]) => name.toLowerCase() === 'npm_config_registry')?.[1]
  const file = variables.npm_config_userconfig ?? join(variables.HOME ?? homedir(), '.npmrc')
  const found = named || (await registryIn(file)) || (await askNpm(variables))
  if (URL.canParse(found)) return found
  throw new NodeError('E_CONFIG', 'npm of this machine names no registry', {
    hint: 'upstreams: { npmjs: { ecosystem: npm, url: "https://…" } } in config.yaml',
  })
}

/** The last `registry=` line, as npm reads it; one with a variable in it is left to npm. */
async function registryIn(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const values = [...text.matchAll(/^[ \t]*registry[ \t]*=[ \t]*["']?([^\s"';#]+)/gm)].map(([, value]) => value)
  const last = values.at(-1)
  return last?.includes('${') ? undefined : last
}

async function askNpm(variables: Variables): Promise<string> {
  const options = { cwd: variables.HOME ?? homedir(), env: { ...variables }, timeout: NPM_TIMEOUT_MS }
  const answer = await run('npm', ['config', 'get', 'registry'], options).catch(() => null)
  return answer?.stdout.trim() ?? ''
}
