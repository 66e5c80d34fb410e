import type { BlockId } from '../ids.ts'
import { MAX_CONTENT_LEAVES } from './limits.ts'

/** The content request that every package costs, read and written without the general codec: a tenth of the time. */
export interface ArtifactRequest {
  readonly ask: 'artifact'
  readonly root: BlockId
  readonly from: number
  readonly count: number
}

// The one encoding (specification section 1): a map of four, shorter keys first.
const BEFORE_FROM = Buffer.from('\xa4\x63ask\x68artifact\x64from', 'latin1')
const BEFORE_ROOT = Buffer.from('\x64root\x78', 'latin1')
const BEFORE_COUNT = Buffer.from('\x65count', 'latin1')
/** Bytes around the numbers and the root. */
const FIXED_BYTES = BEFORE_FROM.byteLength + BEFORE_ROOT.byteLength + 1 + BEFORE_COUNT.byteLength
const ROOT_TEXT = /^b[a-z2-7]{30,120}$/
/** Of numbers: those below are the byte itself, those up to 255 one byte more, others here two. */
const SHORT_BELOW = 24
const ONE_BYTE = 0x18
const TWO_BYTES = 0x19

/** The bytes, or null for what only the general codec knows. */
export function encodeArtifactRequest({ root, from, count }: ArtifactRequest): Uint8Array | null {
  if (!ROOT_TEXT.test(root) || !isLeafNumber(from) || !isLeafNumber(count)) return null
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + numberBytes(from) + root.length + numberBytes(count))
  let at = BEFORE_FROM.copy(bytes)
  at = writeNumber(bytes, from, at)
  at += BEFORE_ROOT.copy(bytes, at)
  bytes[at++] = root.length
  at += bytes.write(root, at, 'latin1')
  at += BEFORE_COUNT.copy(bytes, at)
  writeNumber(bytes, count, at)
  return bytes
}

/** The request if these bytes are the one encoding of one; null for anything else, also for what is malformed. */
export function parseArtifactRequest(message: Uint8Array): ArtifactRequest | null {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const from = numberAfter(bytes, 0, BEFORE_FROM)
  if (from === null || !isAt(bytes, from.end, BEFORE_ROOT)) return null
  const rootAt = from.end + BEFORE_ROOT.byteLength + 1
  const rootEnd = rootAt + (bytes[rootAt - 1] ?? 0)
  const root = bytes.toString('latin1', rootAt, rootEnd)
  const count = numberAfter(bytes, rootEnd, BEFORE_COUNT)
  if (count?.end !== bytes.byteLength || !ROOT_TEXT.test(root)) return null
  return { ask: 'artifact', root: root as BlockId, from: from.value, count: count.value }
}

const isLeafNumber = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_CONTENT_LEAVES

function numberBytes(value: number): number {
  if (value < SHORT_BELOW) return 1
  return value < 0x100 ? 2 : 3
}

/** Writes the shortest form; returns where it ends. */
function writeNumber(bytes: Buffer, value: number, at: number): number {
  if (value < SHORT_BELOW) return bytes.writeUInt8(value, at)
  if (value < 0x100) return bytes.writeUInt8(value, bytes.writeUInt8(ONE_BYTE, at))
  return bytes.writeUInt16BE(value, bytes.writeUInt8(TWO_BYTES, at))
}

const isAt = (bytes: Buffer, at: number, expected: Buffer): boolean =>
  at + expected.byteLength <= bytes.byteLength && expected.compare(bytes, at, at + expected.byteLength) === 0

/** The number behind these bytes, in its shortest form and not above MAX_CONTENT_LEAVES, and where it ends. */
function numberAfter(
  bytes: Buffer,
  at: number,
  before: Buffer,
): { readonly value: number; readonly end: number } | null {
  if (!isAt(bytes, at, before)) return null
  const start = at + before.byteLength
  const [first = 0xff, second, third] = [bytes[start], bytes[start + 1], bytes[start + 2]]
  if (first < SHORT_BELOW) return { value: first, end: start + 1 }
  if (first === ONE_BYTE && second !== undefined && second >= SHORT_BELOW) return { value: second, end: start + 2 }
  if (first !== TWO_BYTES || second === undefined || third === undefined) return null
  const value = (second << 8) | third
  return value > 0xff && value <= MAX_CONTENT_LEAVES ? { value, end: start + 3 } : null
}
