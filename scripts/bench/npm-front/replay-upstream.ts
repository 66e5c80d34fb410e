import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { RECORDED_BASE, type Recording } from './recording.ts'

interface Document {
  readonly plain: Buffer
  readonly gzipped: Buffer
  readonly etag: string
}

/** A recording served as a registry on loopback: an answer waits `delayMs`, documents have ETags and come compressed. */
export class ReplayUpstream implements AsyncDisposable {
  /** Requests answered so far. */
  requests = 0
  readonly #recording: Recording
  readonly #delayMs: number
  readonly #documents = new Map<string, Promise<Document | null>>()
  readonly #server: Server
  #port = 0

  constructor(recording: Recording, delayMs: number) {
    this.#recording = recording
    this.#delayMs = delayMs
    this.#server = createServer((request, response) => {
      this.requests++
      this.#answer(request, response).catch(error => response.destroy(error))
    })
  }

  /** Ends with a slash; the same after every `open`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** From here on its port is closed. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = decodeURIComponent(request.url ?? '').split('?')
    const [name = '', file] = path.slice(1).split('/-/')
    if (this.#delayMs > 0) await new Promise(resolve => setTimeout(resolve, this.#delayMs))
    if (file !== undefined) return await this.#sendTarball(name, file, response)
    const document = await this.#documentOf(name)
    if (document === null) return void response.writeHead(404, JSON_TYPE).end('{"error":"not found"}')
    if (request.headers['if-none-match'] === document.etag) return void response.writeHead(304).end()
    const isCompressed = request.headers['accept-encoding']?.includes('gzip') === true
    const body = isCompressed ? document.gzipped : document.plain
    const encoding = isCompressed ? { 'content-encoding': 'gzip' } : {}
    response.writeHead(200, { ...JSON_TYPE, ...encoding, etag: document.etag, 'content-length': body.length }).end(body)
  }

  async #sendTarball(name: string, file: string, response: ServerResponse): Promise<void> {
    const bytes = await this.#recording.tarball(name, file)
    if (bytes === 'absent') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length }).end(bytes)
  }

  #documentOf(name: string): Promise<Document | null> {
    const known = this.#documents.get(name) ?? this.#make(name)
    this.#documents.set(name, known)
    return known
  }

  async #make(name: string): Promise<Document | null> {
    const recorded = await this.#recording.packument(name)
    if (recorded === 'absent') return null
    const plain = Buffer.from(recorded.toString().replaceAll(RECORDED_BASE, this.url))
    const etag = `"${createHash('sha256').update(plain).digest('base64url')}"`
    return { plain, gzipped: gzipSync(plain), etag }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }
