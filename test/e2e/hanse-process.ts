import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FeedId } from '../../src/protocol/index.ts'
import { runProcess } from '../run-process.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const CLI = join(import.meta.dirname, '../../dist/hanse.js')

/** What one run of the CLI did. */
export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The one document that `--json` prints; null where there is none. */
  readonly json: Record<string, unknown> | null
}

/** Exit code and error code of a refused command. */
export const errorOf = ({ code, json }: CliResult): [number, string] => [
  code,
  (json?.error as { code: string } | undefined)?.code ?? '',
]

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' }
  for (const name of Object.keys(env)) if (name.startsWith('HANSE_')) delete env[name]
  return env
}

function parsedOrNull(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

/** Runs the bundled CLI to its end. */
export async function hanse(args: readonly string[], input?: string, cwd?: string): Promise<CliResult> {
  const given = { ...(input === undefined ? {} : { input }), ...(cwd === undefined ? {} : { cwd }) }
  const { code, out, err } = await runProcess(process.execPath, [CLI, ...args], { env: environment(), ...given })
  return { code: code ?? -1, stdout: out, stderr: err, json: parsedOrNull(out) }
}

/** The line that `hanse start --json` prints once it serves. */
export interface Ready {
  readonly http: string
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly publisher: string
}

/** A node in a process of its own, with a home that outlives its restarts. */
export class NodeProcess implements AsyncDisposable {
  readonly home: string
  /** Where its commands run: some write into the current folder. */
  readonly #folder: string
  readonly #flags: readonly string[]
  #child: ChildProcess | null = null
  #ready: Ready | null = null
  #stderr = ''

  private constructor(home: string, folder: string, flags: readonly string[]) {
    this.home = home
    this.#folder = folder
    this.#flags = flags
  }

  /** A node whose home is an empty folder; `restart` starts it. */
  static async empty(flags: readonly string[] = []): Promise<NodeProcess> {
    return new NodeProcess(await temporaryFolder(), await temporaryFolder(), flags)
  }

  /** A node in a new home, started. */
  static async start(flags: readonly string[] = []): Promise<NodeProcess> {
    const node = await NodeProcess.empty(flags)
    await node.restart()
    return node
  }

  get ready(): Ready {
    if (this.#ready === null) throw new Error('the node is not running')
    return this.#ready
  }

  /** First address that another process on this machine can dial. */
  get address(): string {
    const address = this.ready.addresses.find(each => each.includes('127.0.0.1'))
    if (address === undefined) throw new Error('the node has no loopback address')
    return address
  }

  /** Starts the process again in the same home, with further flags. */
  async restart(more: readonly string[] = []): Promise<void> {
    const flags = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', ...this.#flags, ...more]
    const child = spawn(process.execPath, [CLI, 'start', '--json', '--home', this.home, ...flags], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', text => {
      this.#stderr = (this.#stderr + text).slice(-16_384)
    })
    for await (const line of createInterface({ input: child.stdout })) {
      const event = parsedOrNull(line)
      if (event?.event !== 'ready') continue
      this.#ready = event as unknown as Ready
      child.stdout.resume()
      return
    }
    throw new Error(`the node ended before it was ready:\n${this.#stderr}`)
  }

  /** What the processes of this node wrote to stderr, the last 16 KiB. */
  get stderr(): string {
    return this.#stderr
  }

  /** The token that the API asks of writers. */
  async token(): Promise<string> {
    return (JSON.parse(await readFile(join(this.home, 'run.json'), 'utf8')) as { token: string }).token
  }

  /** The feeds of this node's publisher. */
  async feeds(): Promise<{ readonly public: FeedId; readonly private: FeedId }> {
    const keys = (await this.run('key', 'list')) as unknown as { role: string; id: FeedId }[]
    const idOf = (role: string) => keys.find(key => key.role === role)!.id
    return { public: idOf('writer (public)'), private: idOf('writer (private)') }
  }

  /** Ends the process with a signal and waits until it is gone; gives its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    this.#child = null
    this.#ready = null
    const closed = once(child, 'close')
    child.kill(signal)
    const [code] = (await closed) as [number | null]
    return code
  }

  /** Runs a CLI command against this node; throws unless it exits 0. */
  async run(...args: readonly string[]): Promise<Record<string, unknown>> {
    const result = await this.try(...args)
    if (result.code !== 0 || result.json === null) {
      throw new Error(
        `hanse ${args.join(' ')} exited ${result.code}:\n${result.stdout}\n${result.stderr}\n${this.#stderr}`,
      )
    }
    return result.json
  }

  /** Runs a CLI command against this node, whatever it exits with. */
  try(...args: readonly string[]): Promise<CliResult> {
    return hanse([...args, '--json', '--home', this.home], undefined, this.#folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
    for (const each of [this.home, this.#folder]) await rm(each, { recursive: true, force: true })
  }
}

/** Asks again until the answer passes or the time is over: what happens in another process has no event to wait for. */
export async function eventually<T>(
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  limitMs = 30_000,
): Promise<T> {
  const end = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (passes(answer)) return answer
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms; last answer: ${JSON.stringify(answer)}`)
  }
}
