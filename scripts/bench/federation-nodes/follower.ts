import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { type RunningNode, startNode } from '../../../src/node/index.ts'

const POLL_MS = 500
const LONGEST_MS = 180_000
const WARM_UP = 200

/** A node with its HTTP API that follows publishers, and a client of it in the same process. */
export class Follower implements AsyncDisposable {
  readonly #node: RunningNode
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true })

  private constructor(node: RunningNode, token: string) {
    this.#node = node
    this.#token = token
  }

  /** Starts it in a new home. */
  static async start(home: string): Promise<Follower> {
    const http = { host: '127.0.0.1', port: 0 }
    const listen = ['/ip4/127.0.0.1/tcp/0']
    const node = await startNode({ home, http, listen, network: 'public' })
    const { token } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { token: string }
    return new Follower(node, token)
  }

  /** Follows them all, then meets peers; ms from there until that many releases are held here. */
  async follow(publishers: readonly string[], peers: readonly string[], releases: number): Promise<number> {
    for (const publisher of publishers) await this.#change('/api/relations', { action: 'follow', publisher })
    const began = performance.now()
    for (const multiaddr of peers) await this.#change('/api/peers', { multiaddr })
    for (;;) {
      const { text } = await this.#ask('GET', '/api/status')
      const held = (JSON.parse(text) as { releases: number }).releases
      if (held >= releases) return performance.now() - began
      if (performance.now() - began > LONGEST_MS) throw new Error(`${held} of ${releases} releases came`)
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
  }

  /** Asks for the verdict on each, which is found in what is held here; ms of each, and how many were known. */
  async lookUp(purls: readonly string[]): Promise<{ readonly times: readonly number[]; readonly found: number }> {
    const pathOf = (purl: string) => `/api/why?purl=${encodeURIComponent(purl)}`
    for (const purl of purls.slice(0, WARM_UP)) await this.#ask('GET', pathOf(purl))
    const times: number[] = []
    let found = 0
    for (const purl of purls) {
      const began = performance.now()
      const { status, text } = await this.#ask('GET', pathOf(purl))
      times.push(performance.now() - began)
      if (status === 200 && text.includes('"publishersWithIt":["bafy')) found++
    }
    return { times, found }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    await this.#node[Symbol.asyncDispose]()
  }

  async #change(path: string, body: object): Promise<void> {
    const { status, text } = await this.#ask('POST', path, body)
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${text}`)
  }

  #ask(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }
    const asked = request(new URL(path, this.#node.ready.http), { method, headers, agent: this.#agent }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    return promise
  }
}
