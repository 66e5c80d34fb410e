import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { LiveMemory } from './probe.ts'
import { type ResidentMemory, residentMemoryOf } from './resident-memory.ts'

interface Ready {
  readonly http: string
  readonly peerId: string
  readonly publisher: string
  readonly addresses: readonly string[]
}

/** How long a node may take to start or to answer, ms. */
const LIMIT_MS = 60_000
/** What no healthy node prints. */
const FAULT = /unhandled|uncaught|E_INTERNAL|out of memory/i
/** As `scripts/hanse` starts it. */
const FLAGS = ['--max-semi-space-size=4']
const ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '65536' }
const PROBE = ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')]

/** A node of the soak in a process of its own: it may be killed at any time and started again in the same home. */
export class SoakedNode {
  readonly name: string
  readonly home: string
  /** Whether it can be told to collect its garbage. */
  readonly isProbed: boolean
  readonly #program: string
  readonly #onFault: (what: string) => void
  #child: ChildProcess | null = null
  #ready: Ready | null = null
  #listen = '/ip4/127.0.0.1/tcp/0'
  #isStopping = false
  #starts = 0
  #stderr = ''

  constructor(of: {
    readonly name: string
    readonly home: string
    readonly program: string
    readonly isProbed?: boolean
    readonly onFault: (what: string) => void
  }) {
    this.name = of.name
    this.home = of.home
    this.isProbed = of.isProbed ?? false
    this.#program = of.program
    this.#onFault = of.onFault
  }

  get isUp(): boolean {
    return this.#ready !== null
  }

  /** Which of its runs this is, from 1 on. */
  get run(): number {
    return this.#starts
  }

  get ready(): Ready {
    if (this.#ready === null) throw new Error(`${this.name} is not up`)
    return this.#ready
  }

  get address(): string {
    return this.ready.addresses.find(each => each.includes('127.0.0.1')) ?? ''
  }

  /** Starts it where it listened before. */
  async start(bootstrap: readonly string[]): Promise<void> {
    this.#starts++
    await mkdir(this.home, { recursive: true })
    const flags = [
      '--http',
      '127.0.0.1:0',
      '--listen',
      this.#listen,
      ...bootstrap.flatMap(each => ['--bootstrap', each]),
    ]
    const command = [this.#program, 'start', '--json', '--home', this.home, ...flags]
    const child = spawn(process.execPath, [...FLAGS, ...(this.isProbed ? PROBE : []), ...command], {
      env: { ...process.env, ...ENVIRONMENT, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe', ...(this.isProbed ? (['ipc'] as const) : [])],
    }) as ChildProcessByStdio<null, Readable, Readable>
    this.#child = child
    this.#isStopping = false
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4_096)
      if (FAULT.test(text)) this.#onFault(`${this.name} printed: ${text.slice(0, 500)}`)
    })
    child.once('exit', (code, signal) => {
      this.#ready = null
      if (!this.#isStopping) this.#onFault(`${this.name} ended by itself (${code ?? signal}):\n${this.#stderr}`)
    })
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as Ready & { readonly event?: string }
      if (event.event !== 'ready') continue
      this.#ready = event
      this.#listen = this.address.replace(/\/p2p\/.*/, '')
      child.stdout.resume()
      return
    }
    throw new Error(`${this.name} ended before it was ready:\n${this.#stderr}`)
  }

  /** `SIGKILL` is a crash, `SIGTERM` an orderly stop. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#ready = null
    this.#isStopping = true
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { url, token } = JSON.parse(await readFile(join(this.home, 'run.json'), 'utf8')) as Record<string, string>
    const isBytes = body instanceof Uint8Array
    const response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
      },
      body: body === undefined ? null : isBytes ? Buffer.from(body) : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${this.name}: ${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return JSON.parse(text) as T
  }

  async residentMemory(): Promise<ResidentMemory> {
    return residentMemoryOf(this.#child?.pid ?? 0)
  }

  /** Collects its garbage; what it holds after that. With `snapshot` that file is written. */
  async liveMemory(snapshot?: string): Promise<LiveMemory> {
    if (this.#child === null) throw new Error(`${this.name} is not up`)
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(LIMIT_MS) })
    this.#child.send({ snapshot })
    const [memory] = (await answered) as [LiveMemory]
    return memory
  }
}
