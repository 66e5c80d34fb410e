import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process of the siege that tells its parent things. */
export class Child<T = unknown> implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start<T>(program: string, args: readonly string[] = []): Promise<Child<T>> {
    return new Child<T>(fork(join(import.meta.dirname, program), [...args], { stdio: 'inherit' }))
  }

  /** The next thing it tells. */
  async next(): Promise<T> {
    const over = new AbortController()
    const { signal } = over
    const exited = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error('a process of the siege ended')
    })
    try {
      const [told] = (await Promise.race([once(this.#child, 'message', { signal }), exited])) as [T]
      return told
    } finally {
      exited.catch(() => {})
      over.abort()
    }
  }

  tell(what: object): void {
    this.#child.send(what)
  }

  onTold(listener: (told: T) => void): void {
    this.#child.on('message', listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
