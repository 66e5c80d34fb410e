import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestNetwork } from './test-network.ts'

/** What a node's API answered, and how long that took at its site, ms. */
export interface Answer<T = unknown> {
  readonly status: number
  readonly ms: number
  readonly body: T
}

interface Ready {
  readonly peerId: string
  readonly publisher: string
  readonly address: string
}

/** A node at a site of a test network, asked from there. */
export class Site implements AsyncDisposable {
  readonly number: number
  readonly ready: Ready
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0

  private constructor(number: number, ready: Ready, child: ChildProcess) {
    this.number = number
    this.ready = ready
    this.#child = child
  }

  static async start(
    network: TestNetwork,
    number: number,
    home: string,
    bootstrap: readonly string[] = [],
  ): Promise<Site> {
    const program = join(import.meta.dirname, 'site-main.ts')
    const args = [program, home, network.addressOf(number), ...bootstrap]
    const child = network.spawn(number, process.execPath, args)
    const lines = createInterface({ input: child.stdout! })
    const [first] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown]
    if (typeof first !== 'string') throw new Error(`the node at site ${number} ended before it served`)
    const site = new Site(number, JSON.parse(first) as Ready, child)
    lines.on('line', line => site.#heard(JSON.parse(line) as Answer & { readonly id: number }))
    return site
  }

  /** Asks the node's API; any status is an answer. */
  async ask<T>(method: string, path: string, given: { body?: unknown; file?: string } = {}): Promise<Answer<T>> {
    const id = ++this.#lastId
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(id, resolve)
    this.#child.stdin!.write(`${JSON.stringify({ id, method, path, ...given })}\n`)
    return (await promise) as Answer<T>
  }

  /** As `ask`; what is refused is an error. */
  async must<T>(method: string, path: string, given: { body?: unknown; file?: string } = {}): Promise<Answer<T>> {
    const answer = await this.ask<T>(method, path, given)
    if (answer.status >= 300)
      throw new Error(`site ${this.number}: ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }

  #heard({ id, ...answer }: Answer & { readonly id: number }): void {
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }
}
