import type { MessageStream } from '@libp2p/interface'
import { MAX_WAITING_BYTES, MAX_WAITING_FRAMES } from './limits.ts'

/** What a connection of libp2p has beyond its interface. */
interface Inner {
  readonly writableNeedsDrain: boolean
  readonly writeBuffer: { readonly byteLength: number }
}

/** The connection below a muxer, as one that its peer may leave unread. */
export class YamuxLine {
  readonly #connection: MessageStream
  readonly #inner: Inner
  #waitingFrames = 0

  constructor(connection: MessageStream) {
    this.#connection = connection
    this.#inner = connection as unknown as Inner
    connection.addEventListener('drain', () => {
      this.#waitingFrames = 0
    })
  }

  /** Whether data stays in its stream until the peer has read. */
  get isFull(): boolean {
    return this.#inner.writableNeedsDrain && this.#inner.writeBuffer.byteLength >= MAX_WAITING_BYTES
  }

  /** Whether one more frame may be sent; the connection has ended when not. */
  mayFrame(): boolean {
    if (!this.#inner.writableNeedsDrain || ++this.#waitingFrames <= MAX_WAITING_FRAMES) return true
    this.#connection.abort(new Error('too many frames wait for a peer that does not read'))
    return false
  }
}
