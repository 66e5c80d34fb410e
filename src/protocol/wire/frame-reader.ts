import { FRAME_HEADER_BYTES, FRAME_LENGTH_BYTES, type Frame } from './frame.ts'
import { MAX_FRAME_BYTES } from './limits.ts'

/** Why a byte sequence is not a sequence of frames. */
export type FrameFault = 'frame-too-long' | 'frame-too-short'

/**
 * Cuts arriving chunks into frames: it knows how many bytes the next frame needs, copies into that frame's own room
 * (which grows fourfold with what arrived) and never holds more than one frame and the newest chunk.
 */
export class FrameReader {
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  #headerFilled = 0
  #payload: Uint8Array | null = null
  #payloadFilled = 0
  #fault: FrameFault | null = null
  readonly #maxFrameBytes: number

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Frames completed by this chunk, in order; a fault ends the sequence and stays. */
  *push(chunk: Uint8Array): Generator<Frame | FrameFault> {
    let at = 0
    while (this.#fault === null) {
      if (this.#payload === null) {
        at += this.#fillHeader(chunk, at)
        if (this.#headerFilled < FRAME_HEADER_BYTES) return
        this.#fault = this.#startPayload(chunk.byteLength - at)
        if (this.#fault !== null) break
      }
      at += this.#fillPayload(chunk, at)
      const frame = this.#takeFrame()
      if (frame === null) return
      yield frame
    }
    yield this.#fault
  }

  #view(): DataView {
    return new DataView(this.#header.buffer)
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.byteLength - at)
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled)
    this.#headerFilled += taken
    return taken
  }

  #startPayload(arrivedBytes: number): FrameFault | null {
    const length = this.#view().getUint32(0)
    if (length > this.#maxFrameBytes) return 'frame-too-long'
    const payloadBytes = length - (FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES)
    if (payloadBytes < 0) return 'frame-too-short'
    // Room grows with what arrived: a header alone never makes a stranger's megabyte.
    this.#payload = new Uint8Array(Math.min(payloadBytes, Math.max(arrivedBytes, 4096)))
    this.#payloadFilled = 0
    return null
  }

  #payloadBytes(): number {
    return this.#view().getUint32(0) - (FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES)
  }

  #fillPayload(chunk: Uint8Array, at: number): number {
    const total = this.#payloadBytes()
    const taken = Math.min(total - this.#payloadFilled, chunk.byteLength - at)
    const room = this.#payload ?? new Uint8Array(0)
    const needed = this.#payloadFilled + taken
    if (needed > room.byteLength) {
      const grown = new Uint8Array(Math.min(total, Math.max(needed, room.byteLength * 4)))
      grown.set(room.subarray(0, this.#payloadFilled))
      this.#payload = grown
    }
    this.#payload?.set(chunk.subarray(at, at + taken), this.#payloadFilled)
    this.#payloadFilled = needed
    return taken
  }

  #takeFrame(): Frame | null {
    if (this.#payload === null || this.#payloadFilled < this.#payloadBytes()) return null
    const frame = { type: this.#header[4] ?? 0, id: this.#view().getUint32(5), payload: this.#payload }
    this.#payload = null
    this.#headerFilled = 0
    return frame
  }
}
