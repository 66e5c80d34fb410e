import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessRun } from '../run-process.ts'
import type { Client } from './client.ts'
import type { ClientHome } from './client-home.ts'

/** The node that a user's projects are pointed at. */
export interface UsedNode {
  /** Address of its npm front, with a slash at its end. */
  readonly registry: string
  /** The token of its home. */
  readonly token: string
  /** Runs `hanse use` in a project's folder. */
  use(client: Client, cwd: string): Promise<void>
}

/** One user of a client: projects in a home, pointed at a node by `hanse use`. */
export class ClientUser implements AsyncDisposable {
  readonly client: Client
  readonly home: ClientHome
  readonly #node: UsedNode

  constructor(client: Client, home: ClientHome, node: UsedNode) {
    this.client = client
    this.home = home
    this.#node = node
  }

  /** A project that this client's user has, with these fields of package.json; its folder. */
  async project(name: string, manifest: object = {}, files: Readonly<Record<string, string>> = {}): Promise<string> {
    const { client, home } = this
    const base = { name, version: '1.0.0', license: 'MIT', ...manifest }
    const named = client.kind === 'yarn' ? { ...base, packageManager: client.packageManager } : base
    const cwd = await home.project(name.replace(/[@/]/g, '_'), {
      ...{ 'package.json': named, 'index.js': 'module.exports = 1\n', ...client.projectFiles, ...files },
    })
    await this.#node.use(client, cwd)
    return cwd
  }

  /** Logs in; a client that has no login gets the token where `npm login` would have written it. */
  async login(cwd: string): Promise<void> {
    const { client, home } = this
    const { registry, token } = this.#node
    if (client.login === null) await home.addToNpmrc(`${registry.replace(/^https?:/, '')}:_authToken=${token}`)
    else requireDone(await client.login(cwd, token))
  }

  /** Makes a project reach the node through something at another address. */
  async throughProxy(cwd: string, url: string): Promise<void> {
    const { origin } = new URL(this.#node.registry)
    for (const file of ['.npmrc', '.yarnrc.yml']) {
      const text = await readFile(join(cwd, file), 'utf8').catch(() => null)
      if (text !== null) await writeFile(join(cwd, file), text.replaceAll(origin, url))
    }
  }

  /** Makes a project that uses the node for one scope use it for all names, without a word of `hanse use`. */
  async addRegistry(cwd: string): Promise<void> {
    const { registry } = this.#node
    const isYaml = this.client.name === 'yarn-4'
    const line = isYaml ? `npmRegistryServer: "${registry.slice(0, -1)}"\n` : `registry=${registry}\n`
    await appendFile(join(cwd, isYaml ? '.yarnrc.yml' : '.npmrc'), line)
  }

  /** Forgets what is installed in a project and in every cache. */
  async forgetInstalled(cwd: string): Promise<void> {
    await rm(join(cwd, 'node_modules'), { recursive: true, force: true })
    await this.home.forgetCaches()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.home[Symbol.asyncDispose]()
  }
}

/** The version of a package that is installed in a project; null: it is not. */
export async function installedVersion(cwd: string, name: string): Promise<string | null> {
  try {
    const manifest = await readFile(join(cwd, 'node_modules', name, 'package.json'), 'utf8')
    return (JSON.parse(manifest) as { version: string }).version
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Everything that a command printed. @throws Error with it unless the command exited 0. */
export function requireDone({ code, out, err }: ProcessRun): string {
  if (code !== 0) throw new Error(`exited ${code}:\n${out}\n${err}`)
  return `${out}\n${err}`
}
