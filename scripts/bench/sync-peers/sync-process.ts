import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answer, Request, Task } from './messages.ts'

const PROGRAM = join(import.meta.dirname, 'sync-main.ts')

/** A contender in a process of its own, ready to be asked. */
export class SyncProcess implements AsyncDisposable {
  readonly address: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, address: string) {
    this.#child = child
    this.address = address
  }

  static async start(packages: string, task: Task): Promise<SyncProcess> {
    const child = fork(PROGRAM, [packages, JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const answer = await nextAnswer(child, task.contender)
    return new SyncProcess(child, answer.is === 'ready' ? answer.address : '')
  }

  async ask(request: Request): Promise<Answer> {
    this.#child.send(request)
    return await nextAnswer(this.#child, request.do)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    if (this.#child.connected) this.#child.disconnect()
    await exited
  }
}

async function nextAnswer(child: ChildProcess, what: string): Promise<Answer> {
  const over = new AbortController()
  const { signal } = over
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a process ended with ${code} before it answered: ${what}`)
    })
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended])
    return answer as Answer
  } finally {
    over.abort()
  }
}
