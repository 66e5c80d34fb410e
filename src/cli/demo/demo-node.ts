import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ApiClient } from '../api-client.ts'
import type { Context } from '../command.ts'
import { CliError } from '../errors.ts'
import { DEMO_READY_MS } from '../limits.ts'
import { findRunFile } from '../run-file.ts'

/** One node of the demo: a real child process of this very program. */
export interface DemoNode extends AsyncDisposable {
  readonly name: string
  readonly home: string
  readonly http: string
  readonly peerId: string
  readonly publisher: string
  /** Where others reach it, with its peer id. */
  readonly address: string
  readonly api: ApiClient
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>
}

interface Ready {
  readonly http: string
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly publisher: string
}

export interface DemoNodeOptions {
  readonly name: string
  readonly folder: string
  /** Separates the demo from every other network. */
  readonly networkId: string
  readonly bootstrap?: readonly string[]
}

/** Starts `hanse start --json` on loopback and waits for its ready line. */
export async function startDemoNode(options: DemoNodeOptions, { environment, signal }: Context): Promise<DemoNode> {
  const home = join(options.folder, options.name)
  const args = ['start', '--json', '--home', home, '--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
  for (const address of options.bootstrap ?? []) args.push('--bootstrap', address)
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    env: { ...environment.inherited, HANSE_NETWORK_ID: options.networkId },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C reaches the whole terminal group; the demo itself ends its nodes, in order.
    detached: true,
  })
  const closed = once(child, 'close')
  try {
    const ready = await readyOf(child, options.name, signal)
    const run = await findRunFile(home)
    if (!run) throw new CliError('E_NO_NODE', `${options.name} left no run file`)
    return {
      name: options.name,
      home,
      http: ready.http,
      peerId: ready.peerId,
      publisher: ready.publisher,
      address: ready.addresses.find(address => address.includes('/127.0.0.1/')) ?? ready.addresses[0] ?? '',
      api: new ApiClient(run.url, run.token, signal),
      kill: async () => await end(child, closed, 'SIGKILL'),
      [Symbol.asyncDispose]: async () => await end(child, closed, 'SIGTERM'),
    }
  } catch (error) {
    await end(child, closed, 'SIGKILL')
    throw error
  }
}

/** The stored bytes of an artifact in a node's home. */
export function artifactPathOf(home: string, sha256: string): string {
  return join(home, 'artifacts', sha256.slice(0, 2), sha256)
}

/** The bytes that lie at `path`, with one bit of the middle byte turned. */
export async function flippedBytesOf(path: string): Promise<Buffer> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

async function readyOf(child: ChildProcess, name: string, signal: AbortSignal): Promise<Ready> {
  const complaint = lastOf(child)
  const lines = createInterface({ input: child.stdout! })
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(DEMO_READY_MS)])
  const stop = () => lines.close()
  timeout.addEventListener('abort', stop, { once: true })
  try {
    for await (const line of lines) {
      const event = JSON.parse(line) as Ready & { event?: string; error?: { message: string } }
      if (event.event === 'ready') return event
      if (event.error) throw new CliError('E_NO_NODE', `${name} did not start: ${event.error.message}`)
    }
  } finally {
    timeout.removeEventListener('abort', stop)
    child.stdout?.resume()
  }
  signal.throwIfAborted()
  throw new CliError('E_NO_NODE', `${name} did not become ready: ${complaint().trim() || 'no reason given'}`)
}

/** Keeps the end of what a child says on stderr, so that its pipe never fills. */
function lastOf(child: ChildProcess): () => string {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  return () => said
}

async function end(child: ChildProcess, closed: Promise<unknown>, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(how)
  // A node that does not end on request must not outlive the demo.
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await closed
  clearTimeout(force)
}
