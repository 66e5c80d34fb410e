import type { Pieces } from './direct-stream.ts'
import { DATA, FIN, HEADER_BYTES, RST, VERSION, YamuxFault, type YamuxFrame, type YamuxHeader } from './yamux-frames.ts'

/** What becomes of the frames that are read. */
export interface YamuxTaker {
  take(frame: YamuxFrame): void
  /** Asked before anything is taken of a frame of data that is not here whole. @throws when it may not be that long */
  admit(header: YamuxHeader): void
}

/**
 * Cuts what a connection brings into frames. Nothing of them is gathered, whatever length a header names: data that comes in pieces is
 * handed on as so many frames, and no more than a header is held.
 */
export class YamuxReader {
  readonly #taker: YamuxTaker
  /** A header of which not all is here. */
  readonly #head = Buffer.alloc(HEADER_BYTES)
  #headBytes = 0
  /** What is still to come of a frame of data that has begun, and what it is handed on with. */
  #leftBytes = 0
  #streamID = 0
  #flag = 0

  constructor(taker: YamuxTaker) {
    this.#taker = taker
  }

  read(came: Pieces): void {
    if (came instanceof Uint8Array) this.#readPiece(came)
    else for (const piece of came) this.#readPiece(piece)
  }

  #readPiece(piece: Uint8Array): void {
    let at = this.#headBytes > 0 ? this.#endHead(piece) : 0
    if (this.#leftBytes > 0) at = this.#goOn(piece, at)
    if (at === piece.byteLength) return
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
    while (at + HEADER_BYTES <= piece.byteLength) at = this.#begin(view, piece, at)
    this.#head.set(piece.subarray(at))
    this.#headBytes = piece.byteLength - at
  }

  /** Takes what is missing of a header that has begun, and, when it is whole, the header. */
  #endHead(piece: Uint8Array): number {
    const missing = piece.subarray(0, HEADER_BYTES - this.#headBytes)
    this.#head.set(missing, this.#headBytes)
    this.#headBytes += missing.byteLength
    if (this.#headBytes < HEADER_BYTES) return piece.byteLength
    this.#headBytes = 0
    this.#begin(new DataView(this.#head.buffer, this.#head.byteOffset, HEADER_BYTES), this.#head, 0)
    return missing.byteLength
  }

  /** Takes the frame that begins at `at`, as much of it as is here; returns what comes behind. */
  #begin(view: DataView, piece: Uint8Array, at: number): number {
    if (view.getUint8(at) !== VERSION) throw new YamuxFault('frame of another version')
    const type = view.getUint8(at + 1)
    const flag = view.getUint16(at + 2)
    const streamID = view.getUint32(at + 4)
    const header = { type, flag, streamID, length: view.getUint32(at + 8) }
    const from = at + HEADER_BYTES
    const end = type === DATA ? from + header.length : from
    if (end <= piece.byteLength) {
      this.#taker.take(type === DATA ? { header, data: piece.subarray(from, end) } : { header })
      return end
    }
    this.#taker.admit(header)
    this.#leftBytes = header.length
    this.#streamID = streamID
    this.#flag = flag
    return from < piece.byteLength ? this.#goOn(piece, from) : from
  }

  /** Hands on what is here of the frame that has begun: what opens a stream with the first piece, what ends it with the last. */
  #goOn(piece: Uint8Array, from: number): number {
    const data = piece.subarray(from, from + this.#leftBytes)
    this.#leftBytes -= data.byteLength
    const ends = this.#flag & (FIN | RST)
    const flag = this.#leftBytes === 0 ? this.#flag : this.#flag & ~ends
    this.#flag = ends
    this.#taker.take({ header: { type: DATA, flag, streamID: this.#streamID, length: data.byteLength }, data })
    return from + data.byteLength
  }
}
