import { FRAME_HEADER_BYTES, FRAME_LENGTH_BYTES, type Frame } from './frame.ts'
import { MAX_FRAME_BYTES } from './limits.ts'

/** Why a byte sequence is not a sequence of frames. */
export type FrameFault = 'frame-too-long' | 'frame-too-short'

/** A frame under way: so many bytes of its payload are here. */
export interface FramePart {
  readonly type: number
  readonly id: number
  readonly bytes: number
}

/** Least room made for a payload that comes in parts, bytes. */
const LEAST_ROOM_BYTES = 4096

/**
 * Cuts arriving chunks into frames: a payload that lies whole in a chunk of hardly more is handed on in place, others are copied into
 * room of their own, which grows fourfold with what arrived. It never holds more than one frame and the newest chunk.
 */
export class FrameReader {
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES)
  #headerFilled = 0
  /** Bytes of the payload being read; null while the header is. */
  #payloadBytes: number | null = null
  #room: Uint8Array | null = null
  #roomFilled = 0
  #fault: FrameFault | null = null
  readonly #maxFrameBytes: number

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Frames completed by this chunk, in order; a fault ends the sequence and stays. */
  push(chunk: Uint8Array): (Frame | FrameFault)[] {
    const frames: (Frame | FrameFault)[] = []
    let at = 0
    while (this.#fault === null) {
      if (this.#payloadBytes === null) {
        at += this.#fillHeader(chunk, at)
        if (this.#headerFilled < FRAME_HEADER_BYTES) return frames
        this.#fault = this.#readLength()
        if (this.#payloadBytes === null) break
      }
      const payload = this.#inPlace(chunk, at, this.#payloadBytes) ?? this.#gathered(chunk, at, this.#payloadBytes)
      if (payload === null) return frames
      at += payload.taken
      frames.push({ type: this.#header.readUInt8(4), id: this.#header.readUInt32BE(5), payload: payload.bytes })
      this.#headerFilled = 0
      this.#payloadBytes = null
    }
    frames.push(this.#fault ?? 'frame-too-short')
    return frames
  }

  /** The frame whose payload is not all here yet, and how much of it is; null between frames and within a header. */
  get part(): FramePart | null {
    if (this.#payloadBytes === null) return null
    return { type: this.#header.readUInt8(4), id: this.#header.readUInt32BE(5), bytes: this.#roomFilled }
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.byteLength - at)
    for (let i = 0; i < taken; i++) this.#header[this.#headerFilled++] = chunk[at + i]!
    return taken
  }

  #readLength(): FrameFault | null {
    const length = this.#header.readUInt32BE(0)
    if (length > this.#maxFrameBytes) return 'frame-too-long'
    const payloadBytes = length - (FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES)
    if (payloadBytes < 0) return 'frame-too-short'
    this.#payloadBytes = payloadBytes
    return null
  }

  /** As it lies there: not what is less than half of the memory that it would keep. */
  #inPlace(
    chunk: Uint8Array,
    at: number,
    bytes: number,
  ): { readonly bytes: Uint8Array; readonly taken: number } | null {
    if (this.#room !== null || bytes * 2 < chunk.buffer.byteLength || at + bytes > chunk.byteLength) return null
    return { bytes: chunk.subarray(at, at + bytes), taken: bytes }
  }

  /** The payload once all of it was copied; null: more is to come. */
  #gathered(
    chunk: Uint8Array,
    at: number,
    bytes: number,
  ): { readonly bytes: Uint8Array; readonly taken: number } | null {
    const taken = Math.min(bytes - this.#roomFilled, chunk.byteLength - at)
    const filled = this.#roomFilled + taken
    const room = this.#roomFor(filled, bytes)
    room.set(chunk.subarray(at, at + taken), this.#roomFilled)
    this.#roomFilled = filled
    if (filled < bytes) return null
    this.#room = null
    this.#roomFilled = 0
    return { bytes: room.subarray(0, bytes), taken }
  }

  /** Room grows with what arrived: a header alone never makes a stranger's megabyte. */
  #roomFor(filled: number, bytes: number): Uint8Array {
    const room = this.#room ?? new Uint8Array(Math.min(bytes, Math.max(filled * 4, LEAST_ROOM_BYTES)))
    this.#room = room
    if (filled <= room.byteLength) return room
    const grown = new Uint8Array(Math.min(bytes, Math.max(filled, room.byteLength) * 4))
    grown.set(room.subarray(0, this.#roomFilled))
    this.#room = grown
    return grown
  }
}
