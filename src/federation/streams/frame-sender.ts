import { encodeFrame } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import { MAX_QUEUED_FRAMES } from './limits.ts'

/** Writes frames one after the other, each when the transport has room: the back-pressure of everything above. */
export class FrameSender {
  readonly #duplex: ByteDuplex
  readonly #onFailure: (error: unknown) => void
  #tail: Promise<void> = Promise.resolve()
  #queued = 0

  constructor(duplex: ByteDuplex, onFailure: (error: unknown) => void) {
    this.#duplex = duplex
    this.#onFailure = onFailure
  }

  /** Whether so many frames wait that only a peer which asks without reading explains it. */
  get isFlooded(): boolean {
    return this.#queued >= MAX_QUEUED_FRAMES
  }

  /** Resolves when the frame was taken by the transport; rejects with `E_STREAM_CLOSED`. */
  send(type: number, id: number, payload?: Uint8Array): Promise<void> {
    this.#queued++
    const sent = this.#tail.then(() => this.#write(encodeFrame(type, id, payload)))
    this.#tail = sent
    sent.catch(() => {})
    return sent
  }

  async #write(frame: Uint8Array): Promise<void> {
    try {
      await this.#duplex.send(frame)
    } catch (cause) {
      this.#onFailure(cause)
      throw new FederationError('E_STREAM_CLOSED', 'stream closed while sending', { cause })
    } finally {
      this.#queued--
    }
  }
}
