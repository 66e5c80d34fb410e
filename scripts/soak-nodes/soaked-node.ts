import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

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

/** A node of the soak in a process of its own: it may be killed at any time and started again in the same home. */
export class SoakedNode {
  readonly name: string
  readonly home: string
  readonly #program: string
  readonly #onFault: (what: string) => void
  #child: ChildProcess | null = null
  #ready: Ready | null = null
  #listen = '/ip4/127.0.0.1/tcp/0'
  #isStopping = false
  #stderr = ''

  constructor(name: string, home: string, program: string, onFault: (what: string) => void) {
    this.name = name
    this.home = home
    this.#program = program
    this.#onFault = onFault
  }

  get isUp(): boolean {
    return this.#ready !== null
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
    await mkdir(this.home, { recursive: true })
    const flags = [
      '--http',
      '127.0.0.1:0',
      '--listen',
      this.#listen,
      ...bootstrap.flatMap(each => ['--bootstrap', each]),
    ]
    const child = spawn(process.execPath, [this.#program, 'start', '--json', '--home', this.home, ...flags], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
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

  /** Bytes of memory by the node's own metrics: heap in use and what it holds outside, and all that the process occupies. */
  async memory(): Promise<{ readonly held: number; readonly resident: number }> {
    const { url } = JSON.parse(await readFile(join(this.home, 'run.json'), 'utf8')) as { url: string }
    const text = await (await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(LIMIT_MS) })).text()
    const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    const held = read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes')
    return { held, resident: read('process_resident_memory_bytes') }
  }
}
