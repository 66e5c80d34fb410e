import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands between clients and a registry: hands on what it is asked, and alters tarballs. */
export class AlteringProxy implements AsyncDisposable {
  readonly #server: Server
  /** What becomes of a tarball's bytes. */
  alter: (bytes: Uint8Array) => Uint8Array = bytes => bytes
  /** Tarballs it has altered. */
  altered = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** `target`: the address of the node, without a slash at the end. */
  static async start(target: string): Promise<AlteringProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new AlteringProxy(server)
    server.on('request', async ({ url = '/', headers }, response) => {
      const { accept, 'npm-command': command } = headers
      const asked = { ...(accept ? { accept } : {}), ...(command ? { 'npm-command': String(command) } : {}) }
      const answer = await fetch(`${target}${url}`, { headers: asked })
      const bytes = new Uint8Array(await answer.arrayBuffer())
      const type = answer.headers.get('content-type') ?? 'application/octet-stream'
      response.writeHead(answer.status, { 'content-type': type }).end(proxy.#passed(url, bytes))
    })
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #passed(path: string, bytes: Uint8Array): Uint8Array | string {
    if (!path.endsWith('.tgz'))
      return Buffer.from(bytes)
        .toString()
        .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, this.url)
    const sent = this.alter(bytes)
    if (sent !== bytes) this.altered++
    return sent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
