import type { IncomingMessage, RequestOptions } from 'node:http'
import { networkInterfaces } from 'node:os'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AnsweredError, CliError } from './errors.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts'

type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type Method = 'GET' | 'POST' | 'DELETE'

export interface ApiRequest {
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, with its length in bytes. */
  readonly upload?: { readonly stream: Readable; readonly size: number }
}

/** Speaks a node's HTTP API; an error answer becomes an `AnsweredError`, no answer `E_NO_NODE` or `E_NETWORK`. */
export class ApiClient {
  readonly url: URL
  readonly #token: string | undefined
  readonly #signal: AbortSignal | undefined

  constructor(url: string, token?: string, signal?: AbortSignal) {
    this.url = parseNodeUrl(url)
    if (token !== undefined) requireConfidential(this.url)
    this.#token = token
    this.#signal = signal
  }

  /** Sends a request and returns the JSON document of the answer. */
  async call<T>(method: Method, path: string, request: ApiRequest = {}): Promise<T> {
    const answer = await this.#send(method, path, request)
    return (await readJson(answer)) as T
  }

  /** Sends a request and returns the bytes of the answer as they come. */
  async stream(method: Method, path: string, request: ApiRequest = {}): Promise<Readable> {
    return await this.#send(method, path, request)
  }

  async #send(method: Method, path: string, { query, body, upload }: ApiRequest): Promise<IncomingMessage> {
    const url = new URL(this.url)
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== false) url.searchParams.set(name, value === true ? '1' : String(value))
    }
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const answer = await this.#answerOf(
      url,
      optionsOf(method, this.#token, this.#signal, json, upload?.size),
      json,
      upload?.stream,
    )
    if ((answer.statusCode ?? 500) >= 400) throw await answeredErrorOf(answer)
    return answer
  }

  async #answerOf(url: URL, options: RequestOptions, json?: Buffer, upload?: Readable): Promise<IncomingMessage> {
    const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sent = request(url, options, resolve)
    sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(new Error('the node did not answer in time')))
    sent.on('error', reject)
    if (upload) {
      // A node may refuse an upload before its end: its answer counts, not the broken pipe.
      pipeline(upload, sent).catch(reject)
    } else {
      sent.end(json)
    }
    try {
      return await promise
    } catch (cause) {
      upload?.destroy()
      throw this.#networkErrorOf(cause)
    }
  }

  #networkErrorOf(cause: unknown): Error {
    if (this.#signal?.aborted) return new CliError('E_INTERRUPTED', 'interrupted', { cause })
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') {
      const hint = isHere(this.url) ? 'hanse start' : 'check the address in --node; on that machine: hanse start'
      return new CliError('E_NO_NODE', `no node answers at ${this.url.origin}`, { cause, hint })
    }
    const hint = 'hanse status says whether it runs; then the same command again'
    return new CliError('E_NETWORK', `${this.url.origin}: ${message}`, { cause, hint })
  }
}

function parseNodeUrl(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new CliError('E_USAGE', `not the address of a node: ${text}`, { hint: '--node http://127.0.0.1:7700' })
}

/** Whether a node there is on this machine: what a machine sends to an address of its own goes over no network. */
function isHere({ hostname }: URL): boolean {
  if (/^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname)) return true
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address))
  return own.includes(hostname.replace(/^\[|\]$/g, ''))
}

/** A node refuses a token that came in the clear, but then others have read it already. */
function requireConfidential(url: URL): void {
  if (url.protocol === 'https:' || isHere(url)) return
  throw new CliError('E_PLAIN_HTTP', `a token would go to ${url.origin} in the clear`, {
    hint: `--node https://${url.hostname}, at a proxy with TLS; or leave the token out`,
  })
}

function optionsOf(
  method: Method,
  token: string | undefined,
  signal: AbortSignal | undefined,
  json: Buffer | undefined,
  size: number | undefined,
): RequestOptions {
  const headers: Record<string, string | number> = { accept: 'application/json' }
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  if (json) headers['content-type'] = 'application/json'
  else if (size !== undefined) headers['content-type'] = 'application/octet-stream'
  if (method !== 'GET') headers['content-length'] = json?.byteLength ?? size ?? 0
  return { method, headers, ...(signal ? { signal } : {}) }
}

async function readJson(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.byteLength
      if (size > MAX_ANSWER_BYTES)
        throw new CliError('E_BAD_ANSWER', `the node's answer exceeds ${MAX_ANSWER_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw new CliError('E_NETWORK', 'the connection to the node broke', { cause })
  }
  try {
    return size === 0 ? null : JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new CliError('E_BAD_ANSWER', 'the node did not answer with JSON', { cause })
  }
}

async function answeredErrorOf(answer: IncomingMessage): Promise<Error> {
  const fallback =
    answer.statusCode === 401 ? 'E_UNAUTHORISED' : answer.statusCode === 404 ? 'E_NOT_FOUND' : 'E_BAD_ANSWER'
  const body = await readJson(answer).catch(() => null)
  const { code, message, hint } = ((body as { error?: unknown } | null)?.error ?? {}) as Record<string, unknown>
  return new AnsweredError(
    typeof code === 'string' && /^E_[A-Z0-9_]{1,64}$/.test(code) ? code : fallback,
    typeof message === 'string'
      ? message
      : `the node answered ${answer.statusCode} ${answer.statusMessage ?? ''}`.trim(),
    typeof hint === 'string' ? hint : undefined,
  )
}
