import { type Dispatcher, request } from 'undici'
import { HANSE_VERSION } from '../version.ts'
import { AnswerBody } from './answer-body.ts'
import { BoundedMap } from './bounded-map.ts'
import { Circuit, type Failure } from './circuit.ts'
import { Deadline } from './deadline.ts'
import { UpstreamError } from './errors.ts'
import { MAX_CIRCUITS, MAX_REDIRECTS, type UpstreamLimits } from './limits.ts'
import { targetOf } from './target-guard.ts'
import { isLostConnection, transferFaultOf } from './transport-error.ts'

/** One question to an upstream. */
export interface UpstreamRequest {
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of a body that is taken at most. */
  readonly maxBytes: number
  /** Ms for everything, from now to the last byte. */
  readonly totalMs: number
  readonly signal: AbortSignal
}

/** Status, headers and body of an answer that is no redirect. Read the body to its end or discard it. */
export interface UpstreamAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly url: URL
  readonly body: AnswerBody
}

export interface UpstreamClientOptions {
  readonly name: string
  /** The upstream's own address: only its origin is sent `authorization`. */
  readonly base: URL
  readonly authorization: string | null
  readonly dispatcher: Dispatcher
  readonly limits: UpstreamLimits
  /** Ms since 1970. */
  readonly now: () => number
  /** From 0 up to 1. */
  readonly random: () => number
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** The way to one upstream: hard time-outs, bounded bodies and redirects, credentials for its own host alone, back-off. */
export class UpstreamClient implements AsyncDisposable {
  /** Requests sent, for metrics. */
  requests = 0
  readonly #options: UpstreamClientOptions
  readonly #circuits = new BoundedMap<string, Circuit>(MAX_CIRCUITS)

  constructor(options: UpstreamClientOptions) {
    this.#options = options
  }

  /** The upstream's own address, ends with a slash. */
  get base(): URL {
    return this.#options.base
  }

  /** Whether the upstream's own host failed lately and is left alone for now. */
  get isResting(): boolean {
    return this.#circuits.get(this.base.origin)?.isResting(this.#options.now()) ?? false
  }

  /**
   * Asks for `url`, following redirects.
   * @throws UpstreamError E_UPSTREAM_DOWN (at once while it rests), E_UPSTREAM_FAILED (5xx and 429), E_UPSTREAM_TIMEOUT,
   * E_UPSTREAM_REFUSED, E_UPSTREAM_ANSWER, E_UPSTREAM_TOO_LARGE; the signal's reason when aborted.
   */
  async get(url: URL, question: UpstreamRequest): Promise<UpstreamAnswer> {
    const deadline = new Deadline(question.totalMs)
    try {
      const answer = await this.#follow(url, question, deadline)
      answer.body.onOver(() => deadline.clear())
      return answer
    } catch (error) {
      deadline.clear()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.dispatcher.destroy()
  }

  async #follow(url: URL, question: UpstreamRequest, deadline: Deadline): Promise<UpstreamAnswer> {
    const signal = AbortSignal.any([question.signal, deadline.signal])
    let target = url
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await this.#ask(target, question, signal)
      const { location } = answer.headers
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer
      answer.body.discard()
      target = targetOf(location, target, this.base)
    }
    throw new UpstreamError('E_UPSTREAM_ANSWER', `${this.#where(url)} redirects more than ${MAX_REDIRECTS} times`)
  }

  /** `signal` is the asker's or the deadline's. */
  async #ask(url: URL, question: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    question.signal.throwIfAborted()
    const where = this.#where(url)
    const circuit = this.#openCircuitOf(url)
    try {
      const response = await this.#send(url, question.headers, signal)
      const headers = flatten(response.headers)
      const onEnd = (failure: Failure | null) => {
        if (failure === null) circuit.completed()
        else circuit.failed(failure, this.#options.now())
      }
      const { maxBytes, signal: caller } = question
      const body = new AnswerBody(response.body, { where, length: lengthOf(headers), maxBytes, caller, onEnd })
      const answer = { status: response.statusCode, headers, url, body }
      this.#judge(circuit, answer)
      return answer
    } catch (thrown) {
      throw this.#report(circuit, url, thrown, question.signal)
    }
  }

  #send(url: URL, headers: UpstreamRequest['headers'], signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { dispatcher, authorization, limits } = this.#options
    const mine: Record<string, string> =
      authorization !== null && url.origin === this.base.origin ? { authorization } : {}
    const send = () => {
      this.requests++
      return request(url, {
        dispatcher,
        headers: { 'user-agent': `hanse/${HANSE_VERSION}`, ...headers, ...mine },
        signal,
        headersTimeout: limits.headersMs,
        bodyTimeout: limits.idleMs,
      })
    }
    // A kept connection may be closed by the other side in the moment it is used again: that says nothing of the host.
    return send().catch(error => (isLostConnection(error) && !signal.aborted ? send() : Promise.reject(error)))
  }

  /** Says what an answer means for the host, and throws for those that are none. */
  #judge(circuit: Circuit, { status, headers, url, body }: UpstreamAnswer): void {
    const where = this.#where(url)
    if (status >= 500 || status === 429) {
      body.discard()
      const waitMs = Number(headers['retry-after'] ?? Number.NaN) * 1000
      circuit.failed('fault', this.#options.now(), waitMs > 0 && (status === 429 || status === 503) ? waitMs : null)
      throw new UpstreamError('E_UPSTREAM_FAILED', `${where} answered ${status}`)
    }
    circuit.answered()
    if (status !== 200) circuit.completed()
    if (status === 200) body.requireSize()
    if (status !== 401 && status !== 403 && status !== 407 && status !== 451) return
    body.discard()
    throw new UpstreamError('E_UPSTREAM_REFUSED', `${where} answered ${status}`, {
      hint: `check the credentials of upstream ${this.#options.name}`,
    })
  }

  #report(circuit: Circuit, url: URL, thrown: unknown, caller: AbortSignal): unknown {
    if (thrown instanceof UpstreamError) return thrown
    if (caller.aborted) {
      circuit.abandoned()
      return caller.reason
    }
    const { error, failure } = transferFaultOf(thrown, this.#where(url), 'headers')
    circuit.failed(failure, this.#options.now())
    return error
  }

  /** The circuit of a URL's host. @throws UpstreamError E_UPSTREAM_DOWN while the host rests. */
  #openCircuitOf(url: URL): Circuit {
    const circuit = this.#circuits.get(url.origin) ?? new Circuit(this.#options.random)
    this.#circuits.set(url.origin, circuit)
    const admission = circuit.admit(this.#options.now())
    if (admission.may) return circuit
    const seconds = Math.ceil(admission.restMs / 1000)
    throw new UpstreamError('E_UPSTREAM_DOWN', `${this.#where(url)} failed lately and is asked again in ${seconds} s`)
  }

  /** Without query: signed links carry secrets there. */
  #where(url: URL): string {
    return `upstream ${this.#options.name} (${url.host}${url.pathname.slice(0, 200)})`
  }
}

/** Headers with one value each; of a repeated header the last counts. */
function flatten(headers: Dispatcher.ResponseData['headers']): UpstreamAnswer['headers'] {
  const flat: Record<string, string | undefined> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value.at(-1) : value
  return flat
}

function lengthOf(headers: UpstreamAnswer['headers']): number | null {
  const text = headers['content-length'] ?? ''
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null
}
