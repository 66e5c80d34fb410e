import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { EngineName } from './contender.ts'
import type { EngineAnswer, EngineRequest } from './messages.ts'

/** The same for every engine and for the bare process: at 500,000 packages some peers need more than Node's usual heap. */
const NODE_FLAGS = ['--max-old-space-size=16384', '--disable-warning=ExperimentalWarning']

/** How engines are started. */
export interface EngineProgram {
  /** The bundled `engine-main.ts`. */
  readonly path: string
  /** Where the peers' packages are. */
  readonly peers: string
}

/** The engine failed at something or did not answer in time; the bench goes on without it. */
class EngineError extends Error {
  override readonly name = 'EngineError'
}

/** An engine in a process of its own. */
export class EngineProcess implements AsyncDisposable {
  readonly engine: EngineName
  readonly #child: ChildProcess

  private constructor(engine: EngineName, child: ChildProcess) {
    this.engine = engine
    this.#child = child
  }

  static async start(engine: EngineName, { path, peers }: EngineProgram): Promise<EngineProcess> {
    // A group of its own: one that holds stopped processes is ended by the kernel when the shell that began it goes.
    const child = fork(path, { execArgv: NODE_FLAGS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true })
    endWithThisProcess(child)
    const process = new EngineProcess(engine, child)
    await process.ask({ do: 'load', engine, peers })
    return process
  }

  /** Waits for the answer. @throws EngineError for what was thrown there, or after `limitMs` */
  async ask(request: EngineRequest, limitMs = 3_600_000): Promise<EngineAnswer> {
    const answer = await this.tried(request, limitMs)
    if (answer.error !== null) throw new EngineError(`${this.engine} could not ${request.do}: ${answer.error}`)
    return answer
  }

  /** As `ask`, but what was thrown is part of the answer. */
  async tried(request: EngineRequest, limitMs = 3_600_000): Promise<EngineAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<EngineAnswer>()
    const timer = setTimeout(() => reject(new EngineError(`${this.engine} needed over ${limitMs} ms`)), limitMs)
    const ended = (code: number | null, signal: string | null) =>
      reject(new EngineError(`${this.engine} ended with ${signal ?? code} when asked to ${request.do}`))
    this.#child.once('message', resolve)
    this.#child.once('exit', ended)
    try {
      this.#child.send(request)
      return await promise
    } finally {
      clearTimeout(timer)
      this.#child.off('message', resolve)
      this.#child.off('exit', ended)
    }
  }

  /** Runs `work` while the process runs; before and after it is stopped, so that its collector disturbs nobody else's answers. */
  async awake<T>(work: () => Promise<T>): Promise<T> {
    this.#child.kill('SIGCONT')
    try {
      return await work()
    } finally {
      this.#child.kill('SIGSTOP')
    }
  }

  async residentBytes(): Promise<number> {
    return await residentBytesOf(this.#child)
  }

  /** Closes the index and waits for the process to end. */
  async close(): Promise<void> {
    const closed = once(this.#child, 'exit')
    await this.ask({ do: 'close' })
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await closed
  }
}

/** A process that is stopped sees neither a signal nor that its parent is gone. */
function endWithThisProcess(child: ChildProcess): void {
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}

/** What a Node process keeps in memory that does nothing. */
export async function bareResidentBytes(): Promise<number> {
  const idle = 'setInterval(() => {}, 1000); console.log()'
  const child = spawn(process.execPath, [...NODE_FLAGS, '-e', idle], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const bytes = await residentBytesOf(child)
  const closed = once(child, 'exit')
  child.kill('SIGKILL')
  await closed
  return bytes
}

/** Linux only. */
async function residentBytesOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
