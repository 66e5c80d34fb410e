import { nextTick } from 'node:process'
import { encodeFrame } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import { MAX_JOINED_BYTES, MAX_QUEUED_FRAMES } from './limits.ts'

/**
 * Writes frames one after the other, each when the transport has room: the back-pressure of everything above. What is said in one turn
 * of the event loop leaves as one piece, so that a small answer and its end cost one write here and one read there.
 */
export class FrameSender {
  readonly #duplex: ByteDuplex
  readonly #onFailure: (error: unknown) => void
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #flushed: PromiseWithResolvers<void> | null = null
  #isWriting = false
  #failure: FederationError | null = null

  constructor(duplex: ByteDuplex, onFailure: (error: unknown) => void) {
    this.#duplex = duplex
    this.#onFailure = onFailure
  }

  /** Whether so many frames wait that only a peer which asks without reading explains it. */
  get isFlooded(): boolean {
    return this.#waiting.length >= MAX_QUEUED_FRAMES
  }

  /** Resolves when there is room for more: at once while little waits. Rejects with `E_STREAM_CLOSED` after a write failed. */
  send(type: number, id: number, payload?: Uint8Array): Promise<void> {
    if (this.#failure !== null) return rejected(this.#failure)
    const frame = encodeFrame(type, id, payload)
    this.#waiting.push(frame)
    this.#waitingBytes += frame.byteLength
    if (!this.#isWriting) {
      this.#isWriting = true
      nextTick(() => void this.#write())
    }
    if (this.#waitingBytes <= MAX_JOINED_BYTES) return Promise.resolve()
    this.#flushed ??= promiseNobodyNeedsToCatch()
    return this.#flushed.promise
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const flushed = this.#flushed
        this.#flushed = null
        for (const piece of this.#takePieces()) await this.#duplex.send(piece)
        flushed?.resolve()
      }
    } catch (cause) {
      this.#fail(cause)
    } finally {
      this.#isWriting = false
    }
  }

  #fail(cause: unknown): void {
    this.#failure = new FederationError('E_STREAM_CLOSED', 'stream closed while sending', { cause })
    this.#waiting = []
    this.#waitingBytes = 0
    this.#flushed?.reject(this.#failure)
    this.#onFailure(cause)
  }

  /** All that waits: small frames joined, large ones by themselves. */
  #takePieces(): Uint8Array[] {
    const frames = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    const pieces: Uint8Array[] = []
    let run: Uint8Array[] = []
    let runBytes = 0
    const endRun = () => {
      if (run.length > 0) pieces.push(run.length === 1 ? run[0]! : Buffer.concat(run, runBytes))
      run = []
      runBytes = 0
    }
    for (const frame of frames) {
      if (runBytes + frame.byteLength > MAX_JOINED_BYTES) endRun()
      run.push(frame)
      runBytes += frame.byteLength
    }
    endRun()
    return pieces
  }
}

function promiseNobodyNeedsToCatch(): PromiseWithResolvers<void> {
  const promised = Promise.withResolvers<void>()
  promised.promise.catch(() => {})
  return promised
}

function rejected(error: Error): Promise<void> {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}
