import { MAX_PAYLOAD_BYTES, MIN_DATA_COST_BYTES } from './limits.ts'

/** Frame types; one with bit 7 set may be skipped by a node that does not know it. */
export const FRAME = {
  hello: 1,
  request: 2,
  data: 3,
  end: 4,
  cancel: 5,
  credit: 6,
  ping: 7,
  pong: 8,
} as const

/** One frame as read: `type` may be unknown. */
export interface Frame {
  readonly type: number
  /** Request id, 0 for frames of the stream itself. */
  readonly id: number
  readonly payload: Uint8Array
}

/** Bytes of length, type and request id before the payload. */
export const FRAME_HEADER_BYTES = 9
/** Bytes that the length field does not count: itself. */
export const FRAME_LENGTH_BYTES = 4
const IGNORABLE_BIT = 0x80
const EMPTY = new Uint8Array(0)

/** Bytes of a frame: u32 length, u8 type, u32 request id, payload, numbers big-endian (specification section 10.2). */
export function encodeFrame(type: number, id: number, payload: Uint8Array = EMPTY): Uint8Array {
  return Buffer.concat([encodeFrameHeader(type, id, payload.byteLength), payload])
}

/** What goes before the payload of a frame. */
export function encodeFrameHeader(type: number, id: number, payloadBytes: number): Uint8Array {
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw new TypeError(`frame payload of ${payloadBytes} bytes`)
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
  header.writeUInt32BE(FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES + payloadBytes, 0)
  header.writeUInt8(type, 4)
  header.writeUInt32BE(id, 5)
  return header
}

/** Whether a frame type is one of version 1. */
export function isKnownFrameType(type: number): boolean {
  return type >= FRAME.hello && type <= FRAME.pong
}

/** Whether a frame of an unknown type may be skipped: bit 7 says so. */
export function maySkipFrame(type: number): boolean {
  return (type & IGNORABLE_BIT) !== 0
}

/** What a DATA frame with this many payload bytes takes of its request's credit, bytes. */
export function creditCostOf(payloadBytes: number): number {
  return Math.max(payloadBytes, MIN_DATA_COST_BYTES)
}

/** Payload of a CREDIT frame: bytes granted, u32. */
export function encodeCredit(bytes: number): Uint8Array {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, bytes)
  return payload
}

/** Bytes granted by a CREDIT payload, or null when it is not four bytes or grants nothing. */
export function parseCredit(payload: Uint8Array): number | null {
  if (payload.byteLength !== 4) return null
  const bytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0)
  return bytes === 0 ? null : bytes
}

/** Payload of a REQ frame: first credit (u32), then the request message. */
export function encodeRequest(creditBytes: number, message: Uint8Array): Uint8Array {
  const payload = Buffer.allocUnsafe(4 + message.byteLength)
  payload.writeUInt32BE(creditBytes)
  payload.set(message, 4)
  return payload
}

/** First credit and message of a REQ payload, or null when it is too short for the credit. */
export function parseRequest(payload: Uint8Array): { creditBytes: number; message: Uint8Array } | null {
  if (payload.byteLength < 4) return null
  const creditBytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0)
  return { creditBytes, message: payload.subarray(4) }
}
