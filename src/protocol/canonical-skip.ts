import { MAX_DEPTH, MAX_KEY_CHARS } from './limits.ts'

const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const SIMPLE = 7
const FALSE = 20
const NULL = 22
const NOT_PLAIN = -1
const TEXT_HEAD = 0x60
/** Keys that start as those which `decodeCanonical` refuses are left to it: `constructor`, `prototype`. */
const DOUBTFUL_STARTS: readonly Uint8Array[] = ['const', 'proto'].map(start => Buffer.from(start))
/** A link as nearly all are: tag 42, 37 bytes, multibase byte, CIDv1 with a codec below 128 and a sha-256 of 32 bytes. */
const LINK_BYTES = 41

/**
 * Where the value that starts at `at` ends, if it is in the profile of section 1 as nearly all are: text in ASCII, links of sha-256.
 * -1 says nothing: `decodeCanonical` decides, and takes whatever is taken here. Nothing is built, a fifth of its time.
 */
export function endOfPlain(bytes: Uint8Array, at: number, depth: number): number {
  if (at >= bytes.length) return NOT_PLAIN
  const head = bytes[at]!
  const information = head & 31
  const major = head >> 5
  if (major === SIMPLE) return information >= FALSE && information <= NULL ? at + 1 : NOT_PLAIN
  if (head === 0xd8) return endOfLink(bytes, at)
  const argument = argumentAt(bytes, at)
  if (argument < 0) return NOT_PLAIN
  const from = at + headBytesOf(head)
  switch (major) {
    case UNSIGNED:
      return from
    case NEGATIVE:
      return argument === Number.MAX_SAFE_INTEGER ? NOT_PLAIN : from
    case BYTES:
      return from + argument <= bytes.length ? from + argument : NOT_PLAIN
    case TEXT:
      return endOfAscii(bytes, from, argument)
    case ARRAY:
      return depth < MAX_DEPTH ? endOfItems(bytes, from, argument, depth + 1) : NOT_PLAIN
    case MAP:
      return depth < MAX_DEPTH ? endOfEntries(bytes, from, argument, depth + 1) : NOT_PLAIN
    default:
      return NOT_PLAIN
  }
}

/** Bytes of a head with its argument. */
export function headBytesOf(head: number): number {
  const information = head & 31
  return information < 24 ? 1 : 1 + (1 << (information - 24))
}

/** The argument of the head at `at`, in its shortest form and at most 2^53-1, else -1. */
export function argumentAt(bytes: Uint8Array, at: number): number {
  const information = (bytes[at] ?? 31) & 31
  if (information < 24) return information
  if (information > 27) return NOT_PLAIN
  const size = 1 << (information - 24)
  if (at + size >= bytes.length) return NOT_PLAIN
  let value = 0
  for (let i = at + 1; i <= at + size; i++) value = value * 256 + bytes[i]!
  if (value > Number.MAX_SAFE_INTEGER) return NOT_PLAIN
  return value < (size === 1 ? 24 : 256 ** (size / 2)) ? NOT_PLAIN : value
}

function endOfAscii(bytes: Uint8Array, from: number, length: number): number {
  const end = from + length
  if (end > bytes.length) return NOT_PLAIN
  for (let i = from; i < end; i++) if (bytes[i]! > 0x7f) return NOT_PLAIN
  return end
}

function endOfItems(bytes: Uint8Array, from: number, items: number, depth: number): number {
  let at = from
  for (let i = 0; i < items && at >= 0; i++) at = endOfPlain(bytes, at, depth)
  return at
}

function endOfEntries(bytes: Uint8Array, from: number, entries: number, depth: number): number {
  let at = from
  let last = 0
  let lastLength = 0
  for (let i = 0; i < entries && at >= 0; i++) {
    // A key of 23 characters has a head of one byte.
    const length = bytes[at] === undefined ? 0 : bytes[at]! - TEXT_HEAD
    const key = at + 1
    if (!isKey(bytes, key, length) || !isAfter(bytes, key, length, last, lastLength)) return NOT_PLAIN
    last = key
    lastLength = length
    at = endOfPlain(bytes, key + length, depth)
  }
  return at
}

function isKey(bytes: Uint8Array, from: number, length: number): boolean {
  if (length < 1 || length > 23 || length > MAX_KEY_CHARS) return false
  const end = from + length
  if (end > bytes.length || !isLower(bytes[from]!)) return false
  for (let i = from + 1; i < end; i++) {
    const byte = bytes[i]!
    if (!isLower(byte) && !(byte >= 0x41 && byte <= 0x5a) && !(byte >= 0x30 && byte <= 0x39)) return false
  }
  return length < 5 || !DOUBTFUL_STARTS.some(start => startsWith(bytes, from, start))
}

function startsWith(bytes: Uint8Array, from: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[from + i] !== start[i]) return false
  return true
}

/** Keys are sorted by length, then as bytes; a length of 0 is before all. */
function isAfter(bytes: Uint8Array, key: number, length: number, last: number, lastLength: number): boolean {
  if (length !== lastLength) return length > lastLength
  for (let i = 0; i < length; i++) if (bytes[key + i] !== bytes[last + i]) return bytes[key + i]! > bytes[last + i]!
  return false
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

function endOfLink(bytes: Uint8Array, at: number): number {
  const end = at + LINK_BYTES
  const isPlain =
    end <= bytes.length &&
    bytes[at + 1] === 42 &&
    bytes[at + 2] === 0x58 &&
    bytes[at + 3] === 37 &&
    bytes[at + 4] === 0 &&
    bytes[at + 5] === 1 &&
    bytes[at + 6]! < 0x80 &&
    bytes[at + 7] === 0x12 &&
    bytes[at + 8] === 32
  return isPlain ? end : NOT_PLAIN
}
