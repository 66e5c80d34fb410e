import type { Dispatcher } from 'undici'
import type { Failure } from './circuit.ts'
import { UpstreamError } from './errors.ts'
import { MAX_UNWANTED_BYTES } from './limits.ts'
import { transferFaultOf } from './transport-error.ts'

interface AnswerBodyOptions {
  readonly where: string
  /** Bytes that the answer says it has, or null. */
  readonly length: number | null
  readonly maxBytes: number
  /** The asker's own signal. */
  readonly caller: AbortSignal
  /** The circuit of the host. */
  readonly onEnd: (failure: Failure | null) => void
}

/** An answer's bytes: read once, at most so many, with errors of this layer. */
export class AnswerBody {
  /** Bytes that the answer says it has, or null. */
  readonly length: number | null
  readonly #body: Dispatcher.ResponseData['body']
  readonly #options: AnswerBodyOptions
  #over: () => void = () => {}

  constructor(body: Dispatcher.ResponseData['body'], options: AnswerBodyOptions) {
    this.length = options.length
    this.#body = body
    this.#options = options
  }

  /** Called when the body is read or let go. */
  onOver(over: () => void): void {
    this.#over = over
  }

  /** @throws UpstreamError E_UPSTREAM_TOO_LARGE when the answer says that it has more bytes than are taken. */
  requireSize(): void {
    if (this.length === null || this.length <= this.#options.maxBytes) return
    this.discard()
    throw this.#tooLarge()
  }

  /** The bytes as they come. @throws UpstreamError E_UPSTREAM_TOO_LARGE, E_UPSTREAM_TRUNCATED, E_UPSTREAM_TIMEOUT. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    let read = 0
    try {
      for await (const chunk of this.#body as AsyncIterable<Uint8Array>) {
        read += chunk.length
        if (read > this.#options.maxBytes) throw this.#tooLarge()
        yield chunk
      }
      this.#options.onEnd(null)
    } catch (thrown) {
      throw this.#report(thrown)
    } finally {
      this.#over()
    }
  }

  /** All bytes. */
  async whole(): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.bytes()) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** Lets go of the bytes; a short rest is read so that the connection lives on. */
  discard(): void {
    this.#body.on('error', () => {})
    const dumped = this.#body.dump({ limit: MAX_UNWANTED_BYTES }).catch(() => {})
    void dumped.then(() => this.#over())
  }

  #tooLarge(): UpstreamError {
    const { where, maxBytes } = this.#options
    return new UpstreamError('E_UPSTREAM_TOO_LARGE', `${where} sends more than ${maxBytes} bytes`)
  }

  #report(thrown: unknown): unknown {
    const { caller, where, onEnd } = this.#options
    if (thrown instanceof UpstreamError) return thrown
    if (caller.aborted) return caller.reason
    const { error, failure } = transferFaultOf(thrown, where, 'body')
    onEnd(failure)
    return error
  }
}
