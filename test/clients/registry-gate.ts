import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'

/** Stands before a registry under an address of its own, and can be cut: then its port is closed. */
export class RegistryGate implements AsyncDisposable {
  readonly #server: Server
  readonly #registry: string

  private constructor(server: Server, registry: string) {
    this.#server = server
    this.#registry = registry
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /** `registry`: the address of the true one, with a slash at its end. */
  static async start(registry: string): Promise<RegistryGate> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RegistryGate(server, registry)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Closes the port: whoever asks is refused. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut()
  }

  async #answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { accept = '*/*' } = headers
    const answer = await fetch(new URL(url.slice(1), this.#registry), { headers: { accept } })
    const type = answer.headers.get('content-type') ?? 'application/octet-stream'
    response.writeHead(answer.status, { 'content-type': type })
    if (type.includes('json')) return void response.end((await answer.text()).replaceAll(this.#registry, this.url))
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), response)
  }
}
