import { join } from 'node:path'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** A node without a network, in a home that outlives it, and a client of its API. */
export class CacheNode implements AsyncDisposable {
  readonly home: string
  readonly #env: Readonly<Record<string, string>>
  #running: Awaited<ReturnType<typeof startNode>> | null = null
  #client: ApiClient | null = null

  private constructor(home: string, env: Readonly<Record<string, string>>) {
    this.home = home
    this.#env = env
  }

  static async start(env: Readonly<Record<string, string>> = {}, home?: string): Promise<CacheNode> {
    const node = new CacheNode(home ?? join(await temporaryFolder(), 'home'), env)
    await node.restart()
    return node
  }

  get client(): ApiClient {
    if (this.#client === null) throw new Error('the node is not running')
    return this.#client
  }

  get url(): string {
    return this.#running?.ready.http ?? ''
  }

  async stop(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]()
    this.#running = null
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop()
    const { home } = this
    const variables = { npm_config_registry: 'http://127.0.0.1:9/' }
    const flags = { http: { host: '127.0.0.1', port: 0 }, network: 'off' } as const
    this.#running = await startNode({ home, ...flags, env: { ...this.#env, ...env }, variables })
    this.#client = new ApiClient(this.url, (await findRunFile(home))?.token)
  }

  /** Adds an upstream and a route that leads to it. */
  async route(pattern: string, name: string, url: string, more: object = {}): Promise<object> {
    const added = await this.client.call<object>('POST', '/api/upstreams', { body: { name, url, ...more } })
    await this.client.call('POST', '/api/routes', { body: { match: pattern, to: `upstream/${name}` } })
    return added
  }

  /** Asks the npm front. */
  async npm(path: string): Promise<Response> {
    return await fetch(`${this.url}/npm/${path}`)
  }

  /** A tarball's bytes; throws when the front gives none. */
  async tarball(name: string, version: string): Promise<Uint8Array> {
    const answer = await this.npm(`${name}/-/${name.split('/').at(-1)}-${version}.tgz`)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
    return bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
