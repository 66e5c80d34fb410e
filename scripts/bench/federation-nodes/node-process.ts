import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answers, Order } from './messages.ts'

/** Whose gossip settings a network runs with. */
export type Contender = 'ours' | 'defaults'

/** A process with real nodes in it. */
export class NodeProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #last = 0

  constructor(contender: Contender) {
    const hook = ['--import', join(import.meta.dirname, 'default-gossip.ts')]
    const execArgv = contender === 'defaults' ? hook : []
    this.#child = fork(join(import.meta.dirname, 'process-main.ts'), [], { execArgv, stdio: 'inherit' })
    this.#child.on('message', (message: { number: number; answer: unknown; error?: string }) => {
      const waiting = this.#waiting.get(message.number)
      this.#waiting.delete(message.number)
      if (message.error === undefined) waiting?.resolve(message.answer)
      else waiting?.reject(new Error(message.error))
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('a process of the benchmark ended'))
    })
  }

  async order<O extends Order>(order: O): Promise<Answers[O['do']]> {
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(++this.#last, waiting)
    this.#child.send({ number: this.#last, order })
    return (await waiting.promise) as Answers[O['do']]
  }

  /** It stands still, with all connections open, until it goes on. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it as a power cut would: no node says goodbye. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }
}
