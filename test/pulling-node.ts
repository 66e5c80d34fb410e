import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runProcess } from './run-process.ts'

const CLI = join(import.meta.dirname, '../dist/hanse.js')

/** A node in a process and a home of its own, whose npm names all come from one registry; for tests and scripts alike. */
export class PullingNode implements AsyncDisposable {
  readonly home: string
  /** Its address without a slash at the end. */
  readonly url: string
  readonly #child: ChildProcess
  readonly #env: NodeJS.ProcessEnv
  #log: string

  private constructor(home: string, url: string, child: ChildProcess, env: NodeJS.ProcessEnv) {
    this.home = home
    this.url = url
    this.#child = child
    this.#env = env
    this.#log = ''
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#log += text
    })
  }

  /** `registry`: what it takes for the registry of this machine's npm; null: the one that npm has. A home given outlives it. */
  static async start(registry: string | null, home?: string): Promise<PullingNode> {
    const folder = home ?? (await mkdtemp(join(tmpdir(), 'hanse-pulling-')))
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' }
    for (const name of Object.keys(env)) if (name.startsWith('HANSE_')) delete env[name]
    if (registry !== null) env.npm_config_registry = registry
    const flags = ['--json', '--network', 'off', '--http', '127.0.0.1:0', '--home', folder]
    const child = spawn(process.execPath, ['--max-semi-space-size=4', CLI, 'start', ...flags], { env, stdio: 'pipe' })
    const url = await readyOf(child)
    const node = new PullingNode(folder, url, child, env)
    if (home === undefined) await node.run('route', 'add', 'npm:*', 'upstream/npmjs')
    return node
  }

  /** Address of its npm front. */
  get registry(): string {
    return `${this.url}/npm/`
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Everything it wrote to stderr; complete once it has ended. */
  log(): string {
    return this.#log
  }

  /** Runs a command of the CLI against it. @throws Error unless it exits 0 */
  async run(...args: readonly string[]): Promise<unknown> {
    const command = [CLI, ...args, '--json', '--home', this.home]
    const { code, out, err } = await runProcess(process.execPath, command, { env: this.#env })
    if (code !== 0) throw new Error(`hanse ${args.join(' ')} exited ${code}:\n${out}\n${err}\n${this.#log}`)
    return JSON.parse(out)
  }

  /** Ends it and waits until everything is written. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function readyOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as { readonly event?: string; readonly http: string }
    if (event.event !== 'ready') continue
    child.stdout!.resume()
    return event.http
  }
  throw new Error('the node ended before it was ready')
}
