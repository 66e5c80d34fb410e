import { abortable } from '../../abortable.ts'
import type { NpmTarball } from '../../registries/npm/npm-source.ts'
import type { DeniedBytes } from '../../storage/index.ts'
import type { AnswerBody } from '../answer-body.ts'
import { UpstreamError } from '../errors.ts'
import { DeniedCheck } from './denied-check.ts'
import { DigestCheck, type ExpectedDigests } from './npm-digest.ts'
import { TarballSpool } from './tarball-spool.ts'

export interface TarballDownloadOptions {
  /** What is downloaded, for people. */
  readonly what: string
  readonly expected: ExpectedDigests
  /** Folder for large ones on their way. */
  readonly folder: string
  /** Keeps the bytes; what it reads ends with an error when they turn out wrong. */
  readonly keep: (bytes: AsyncIterable<Uint8Array>) => Promise<void>
  readonly onProblem: (problem: unknown) => void
  /** Bytes that go to nobody. */
  readonly denied?: DeniedBytes | undefined
}

/** One tarball on its way from an upstream to the node's store and to every client that asks for it meanwhile. */
export class TarballDownload {
  readonly #options: TarballDownloadOptions
  readonly #spool: TarballSpool
  readonly #stop: AbortController
  #clients = 0
  #over = false

  /** `stop` ends the transfer of `body`. */
  constructor(stop: AbortController, options: TarballDownloadOptions) {
    this.#options = options
    this.#stop = stop
    this.#spool = new TarballSpool(options.folder)
  }

  /** The bytes for one client, or null when this download is over. A download that its last client leaves is given up. */
  open(signal: AbortSignal): NpmTarball | null {
    const reader = this.#stop.signal.aborted ? null : this.#spool.reader()
    if (reader === null) return null
    this.#clients++
    // No size before the digests were checked: a part of these bytes would look complete without ever being checked.
    return { size: null, bytes: new ClientBytes(reader, signal, () => this.#leave()) }
  }

  /** Carries the bytes over; resolves, never rejects, when they are kept or given up. */
  async run(body: AnswerBody): Promise<void> {
    await using spool = this.#spool
    const keeping = this.#keep(spool)
    try {
      await this.#fill(spool, body)
      spool.finish()
    } catch (error) {
      spool.fail(error)
      if (!this.#stop.signal.aborted) this.#options.onProblem(error)
    }
    this.#over = true
    await keeping
  }

  async #fill(spool: TarballSpool, body: AnswerBody): Promise<void> {
    const { expected, what } = this.#options
    const check = new DigestCheck(expected)
    const deniedCheck = new DeniedCheck(this.#options.denied)
    for await (const chunk of body.bytes()) {
      check.update(chunk)
      deniedCheck.update(chunk)
      await spool.push(chunk)
    }
    const mismatch = check.mismatch()
    if (mismatch === null) return deniedCheck.require()
    const message = `${what} has other bytes than its document says: ${mismatch.found}, not ${mismatch.expected}`
    throw new UpstreamError('E_DIGEST_MISMATCH', message, {
      hint: 'the upstream, or something on the way to it, altered the tarball: nothing of it was kept',
    })
  }

  /** The store is one more reader; that it cannot keep the bytes is no reason to refuse them to clients. */
  async #keep(spool: TarballSpool): Promise<void> {
    const reader = spool.reader()!
    try {
      await this.#options.keep(reader)
    } catch (error) {
      if (!spool.failedWith(error)) this.#options.onProblem(error)
    } finally {
      await reader.return()
    }
  }

  #leave(): void {
    this.#clients--
    if (this.#clients === 0 && !this.#over) this.#stop.abort(new Error('every client went away'))
  }
}

/** A client's share of a download, which it leaves by reading to the end, returning, or aborting. */
class ClientBytes implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reader: AsyncIterator<Uint8Array, undefined> & { return(): Promise<unknown> }
  readonly #signal: AbortSignal
  readonly #leave: () => void
  #left = false
  readonly #onAbort = () => void this.return()

  constructor(
    reader: AsyncIterator<Uint8Array, undefined> & { return(): Promise<unknown> },
    signal: AbortSignal,
    leave: () => void,
  ) {
    this.#reader = reader
    this.#signal = signal
    this.#leave = leave
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.#signal.throwIfAborted()
      const result = await abortable(this.#reader.next(), this.#signal)
      if (result.done) await this.return()
      return result
    } catch (error) {
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#left) {
      this.#left = true
      this.#signal.removeEventListener('abort', this.#onAbort)
      this.#leave()
      await this.#reader.return()
    }
    return { done: true, value: undefined }
  }
}
