import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Knob } from './knob.ts'
import { packageTarball } from './package-tarball.ts'

export interface SeenRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly status: number
}

/** What a version may be beside its name. */
export interface FakeVersion {
  readonly tarball?: Uint8Array
  /** ISO date; else 2020. */
  readonly time?: string
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly dist?: Readonly<Record<string, unknown>>
}

type FakeDocument = {
  name: string
  'dist-tags': Record<string, string>
  versions: Record<string, unknown>
  time: Record<string, string>
  [field: string]: unknown
}

/** A registry on loopback that can be made to fail in every way real ones do. */
export class FakeRegistry implements AsyncDisposable {
  /** Everything it was asked, oldest first. */
  readonly requests: SeenRequest[] = []
  /** Whether documents have ETags, and whether they are compressed. */
  etags = true
  /** What `Authorization` must say, if anything. */
  authorization: string | null = null
  gzip = true
  readonly #server: Server
  readonly #scheme: 'http' | 'https'
  readonly #documents = new Map<string, FakeDocument>()
  readonly #texts = new Map<string, string>()
  readonly #tarballs = new Map<string, Uint8Array>()
  readonly #knobs = new Map<string, Knob[]>()

  /** Use `startFakeRegistry`. */
  constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server
    this.#scheme = scheme
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /** Its address with a slash in the end. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Adds a version and makes it `latest`; returns its tarball. */
  async publish(name: string, version: string, options: FakeVersion = {}): Promise<Uint8Array> {
    const manifest = { name, version, ...options.manifest }
    const tarball = options.tarball ?? (await packageTarball(manifest))
    const path = `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`
    this.#tarballs.set(path, tarball)
    const document = this.#documents.get(name) ?? emptyDocument(name)
    const dist = { ...digestsOf(tarball), tarball: new URL(path, this.url).href, ...options.dist }
    document.versions[version] = { ...manifest, dist }
    document['dist-tags'].latest = version
    document.time[version] = options.time ?? '2020-01-01T00:00:00.000Z'
    this.#documents.set(name, document)
    return tarball
  }

  /** The document of a name, to be changed in place. */
  document(name: string): FakeDocument {
    return this.#documents.get(name)!
  }

  /** Answers a name with this text, whatever was published. */
  say(name: string, text: string): void {
    this.#texts.set(name, text)
  }

  /** The exact text that it answers for a name. */
  textOf(name: string): string {
    return this.#texts.get(name) ?? JSON.stringify(this.#documents.get(name))
  }

  /** Misbehaves for a path: with several knobs once with each, the last of them from then on; none: no longer. */
  turn(path: string, ...knobs: Knob[]): void {
    this.#knobs.set(path, knobs)
  }

  /** Requests for paths that contain this. */
  asked(part: string): readonly SeenRequest[] {
    return this.requests.filter(({ path }) => path.includes(part))
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? '/')
    response.on('close', () => {
      this.requests.push({ path, headers: request.headers, status: response.statusCode })
    })
    const isRefused = this.authorization !== null && request.headers.authorization !== this.authorization
    if (isRefused) return void response.writeHead(401).end('{"error":"unauthorized"}')
    const knobs = this.#knobs.get(path) ?? []
    const knob = knobs.length > 1 ? knobs.shift() : knobs[0]
    if (knob?.kind === 'hang') return
    if (knob?.kind === 'drop') return void request.socket.destroy()
    if (knob?.kind === 'wait') await knob.until
    if (knob?.kind === 'status') return void response.writeHead(knob.status, knob.headers).end('{"error":"knob"}')
    if (knob?.kind === 'redirect') return void response.writeHead(knob.status ?? 302, { location: knob.to }).end()
    const tarball = this.#tarballs.get(path)
    if (tarball !== undefined)
      return await send(response, tarball, { 'content-type': 'application/octet-stream' }, knob)
    const name = path.slice(1)
    if (this.#texts.has(name) || this.#documents.has(name))
      return await this.#sendDocument(request, response, name, knob)
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not_found"}')
  }

  async #sendDocument(request: IncomingMessage, response: ServerResponse, name: string, knob: Knob | undefined) {
    const text = Buffer.from(this.textOf(name))
    const etag = `"${createHash('sha1').update(text).digest('hex')}"`
    const headers: Record<string, string> = { 'content-type': 'application/json', ...(this.etags ? { etag } : {}) }
    if (this.etags && request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end()
    const compressed = this.gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    if (compressed) headers['content-encoding'] = 'gzip'
    await send(response, compressed ? gzipSync(text) : text, headers, knob)
  }
}

/** Starts a registry without packages on a free port of loopback; with a key and certificate over TLS. */
export async function startFakeRegistry(tls?: { readonly key: string; readonly cert: string }): Promise<FakeRegistry> {
  const server = tls === undefined ? createServer() : (createTlsServer(tls) as unknown as Server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new FakeRegistry(server, tls === undefined ? 'http' : 'https')
}

/** `integrity` and `shasum` of a tarball. */
export function digestsOf(bytes: Uint8Array): { readonly integrity: string; readonly shasum: string } {
  const digest = (name: string) => createHash(name).update(bytes).digest()
  return { integrity: `sha512-${digest('sha512').toString('base64')}`, shasum: digest('sha1').toString('hex') }
}

function emptyDocument(name: string): FakeDocument {
  const time = { created: '2020-01-01T00:00:00.000Z', modified: '2020-01-01T00:00:00.000Z' }
  return { _id: name, name, 'dist-tags': {}, versions: {}, time }
}

async function send(
  response: ServerResponse,
  whole: Uint8Array,
  headers: Record<string, string>,
  knob: Knob | undefined,
): Promise<void> {
  if (knob?.kind === 'replace') return void response.writeHead(200, { ...headers, ...knob.headers }).end(knob.bytes)
  const bytes = Uint8Array.from(whole)
  if (knob?.kind === 'alter') bytes[knob.at]! ^= 1
  if (knob?.kind === 'short') return void response.writeHead(200, headers).end(bytes.subarray(0, knob.after))
  response.writeHead(200, { ...headers, 'content-length': bytes.length })
  if (knob?.kind === 'cut') return void response.write(bytes.subarray(0, knob.after), () => response.destroy())
  if (knob?.kind !== 'pause') return void response.end(bytes)
  response.write(bytes.subarray(0, knob.after))
  await knob.until
  response.end(bytes.subarray(knob.after))
}
