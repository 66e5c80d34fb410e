import { nextTick } from 'node:process'
import { encodeFrameHeader } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import { MAX_JOINED_BYTES, MAX_QUEUED_FRAMES } from './limits.ts'

const NOTHING = new Uint8Array()

/**
 * Writes frames one after the other, each when the transport has room: the back-pressure of everything above. What is said in one turn
 * of the event loop leaves as one piece, so that a small answer and its end cost one write here and one read there.
 */
export class FrameSender {
  readonly #duplex: ByteDuplex
  readonly #onFailure: (error: unknown) => void
  /** Header and payload of each frame. */
  #waiting: (readonly [Uint8Array, Uint8Array])[] = []
  #waitingBytes = 0
  /** Those that wait for room: whose frames are being written, and whose are next. */
  #writing: PromiseWithResolvers<void> | null = null
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

  /** Resolves when there is room for more: at once while little waits. Rejects with `E_STREAM_CLOSED` after a write failed, or with what `end` was told. */
  send(type: number, id: number, payload: Uint8Array = NOTHING): Promise<void> {
    if (this.#failure !== null) return rejected(this.#failure)
    const header = encodeFrameHeader(type, id, payload.byteLength)
    this.#waiting.push([header, payload])
    this.#waitingBytes += header.byteLength + payload.byteLength
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
        this.#writing = this.#flushed
        this.#flushed = null
        for (const parts of this.#takeRuns()) await this.#sendJoined(parts)
        this.#writing?.resolve()
      }
    } catch (cause) {
      this.end(new FederationError('E_STREAM_CLOSED', 'stream closed while sending', { cause }))
      this.#onFailure(cause)
    } finally {
      this.#isWriting = false
    }
  }

  /** Nothing more is sent, and who waits is told why. */
  end(error: FederationError): void {
    this.#failure ??= error
    this.#waiting = []
    this.#waitingBytes = 0
    for (const waiting of [this.#writing, this.#flushed]) waiting?.reject(this.#failure)
  }

  #sendJoined(parts: readonly Uint8Array[]): Promise<void> {
    return this.#duplex.sendParts?.(parts) ?? this.#duplex.send(Buffer.concat(parts))
  }

  /** All that waits, as parts of what leaves together: small frames, and each large one by itself. */
  #takeRuns(): Uint8Array[][] {
    const runs: Uint8Array[][] = []
    let runBytes = Number.POSITIVE_INFINITY
    for (const frame of this.#waiting) {
      const bytes = frame[0].byteLength + frame[1].byteLength
      if (runBytes + bytes > MAX_JOINED_BYTES) {
        runs.push([])
        runBytes = 0
      }
      runs.at(-1)?.push(...frame)
      runBytes += bytes
    }
    this.#waiting = []
    this.#waitingBytes = 0
    return runs
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
