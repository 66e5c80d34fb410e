import { CID } from 'multiformats/cid'
import { create as createDigest, Digest } from 'multiformats/hashes/digest'
import { ProtocolError } from './errors.ts'
import { MAX_DEPTH, MAX_KEY_CHARS } from './limits.ts'
import { isProfileText } from './unicode.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['constructor', 'prototype'])

const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const MAP = 5
const TAG = 6
const SIMPLE = 7
const CID_TAG = 42
const FALSE = 20
const TRUE = 21
const NULL = 22

/** CIDv1 of a sha-256 in binary: version, codec below 128, algorithm, length, digest: the form of nearly all links. */
const SHA256_CID_BYTES = 36
const SHA2_256 = 0x12
const SHA256_BYTES = 32

/**
 * The value of bytes that are exactly its one encoding in the dag-cbor profile (section 1), found in one pass: each head in its
 * shortest form, keys sorted and of the profile, text NFC, links canonical, nothing behind. Arrays and maps have at most
 * `maxItems` items and entries in all. Byte strings are copies, or with `areViews` views into the input.
 * @throws ProtocolError E_ENCODING, E_DEPTH, E_TEXT, E_SIZE
 */
export function decodeCanonical(bytes: Uint8Array, maxItems: number, areViews = false): unknown {
  return new Decoder(bytes, maxItems, areViews).whole()
}

class Decoder {
  readonly #bytes: Buffer
  #at = 0
  #itemsLeft: number
  readonly #areViews: boolean

  constructor(bytes: Uint8Array, maxItems: number, areViews: boolean) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#itemsLeft = maxItems
    this.#areViews = areViews
  }

  whole(): unknown {
    const value = this.#value(0)
    if (this.#at !== this.#bytes.length) throw refuse('bytes after the value')
    return value
  }

  /** Recursion ends at MAX_DEPTH. */
  #value(depth: number): unknown {
    const head = this.#byte()
    const information = head & 31
    switch (head >> 5) {
      case UNSIGNED:
        return this.#argument(information)
      case NEGATIVE:
        return this.#negative(information)
      case BYTES:
        return this.#byteString(this.#argument(information))
      case TEXT:
        return this.#text(this.#argument(information))
      case MAP:
        return this.#map(this.#items(information, depth), depth + 1)
      case TAG:
        return this.#link(this.#argument(information))
      case SIMPLE:
        return simpleOf(information)
      default:
        return this.#array(this.#items(information, depth), depth + 1)
    }
  }

  #array(items: number, depth: number): unknown[] {
    const values: unknown[] = []
    for (let i = 0; i < items; i++) values.push(this.#value(depth))
    return values
  }

  #map(entries: number, depth: number): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    let last: string | null = null
    for (let i = 0; i < entries; i++) {
      const key = this.#key()
      if (last !== null && !isAfter(key, last)) throw refuse(key === last ? 'duplicate map key' : 'unsorted map keys')
      values[key] = this.#value(depth)
      last = key
    }
    return values
  }

  /** How many items an array or a map claims: each takes a byte at least, so a claim beyond the input is refused before any is read. */
  #items(information: number, depth: number): number {
    const items = this.#argument(information)
    if (depth === MAX_DEPTH) throw new ProtocolError('E_DEPTH', `containers nested deeper than ${MAX_DEPTH}`)
    if (items > this.#bytes.length - this.#at) throw refuse('container longer than the input')
    this.#itemsLeft -= items
    if (this.#itemsLeft < 0) throw new ProtocolError('E_SIZE', 'more items than allowed')
    return items
  }

  #key(): string {
    const head = this.#byte()
    if (head >> 5 !== TEXT) throw refuse('map key that is not text')
    const from = this.#take(this.#argument(head & 31))
    if (!this.#isKey(from)) throw refuse('map key outside the profile')
    const key = this.#bytes.toString('latin1', from, this.#at)
    if (FORBIDDEN_KEYS.has(key)) throw refuse('map key outside the profile')
    return key
  }

  /** A lower-case letter, then letters and digits. */
  #isKey(from: number): boolean {
    const length = this.#at - from
    if (length < 1 || length > MAX_KEY_CHARS || !isLower(this.#bytes[from]!)) return false
    for (let i = from + 1; i < this.#at; i++) if (!isLetterOrDigit(this.#bytes[i]!)) return false
    return true
  }

  #text(length: number): string {
    const from = this.#take(length)
    for (let i = from; i < this.#at; i++) if (this.#bytes[i]! > 0x7f) return this.#wideText(from)
    return this.#bytes.toString('latin1', from, this.#at)
  }

  #wideText(from: number): string {
    let text: string
    try {
      text = UTF8.decode(this.#bytes.subarray(from, this.#at))
    } catch (cause) {
      throw new ProtocolError('E_ENCODING', 'text that is not UTF-8', { cause })
    }
    if (!isProfileText(text)) throw new ProtocolError('E_TEXT', 'text that is not NFC of Unicode 17.0')
    return text
  }

  /** Tag 42 with the identity multibase byte and a CID whose own numbers are in their shortest form. */
  #link(tag: number): CID {
    if (tag !== CID_TAG) throw refuse('tag other than 42')
    const head = this.#byte()
    if (head >> 5 !== BYTES) throw refuse('link that is not bytes')
    const bytes = this.#copy(this.#argument(head & 31))
    if (bytes[0] !== 0) throw refuse('link without its multibase byte')
    const cid = cidOf(bytes.subarray(1))
    if (cid === null) throw refuse('link that is not a CID')
    return cid
  }

  #negative(information: number): number {
    const argument = this.#argument(information)
    if (argument === Number.MAX_SAFE_INTEGER) throw refuse('integer below -(2^53-1)')
    return -1 - argument
  }

  /** The number of a head: definite, shortest form, at most 2^53-1. */
  #argument(information: number): number {
    if (information < 24) return information
    if (information > 27) throw refuse('indefinite length or reserved head')
    const size = 1 << (information - 24)
    let value = 0
    for (let i = this.#take(size); i < this.#at; i++) value = value * 256 + this.#bytes[i]!
    if (value > Number.MAX_SAFE_INTEGER) throw refuse('integer above 2^53-1')
    const leastOfSize = size === 1 ? 24 : 256 ** (size / 2)
    if (value < leastOfSize) throw refuse('integer not in its shortest form')
    return value
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  #byteString(length: number): Uint8Array {
    if (!this.#areViews) return this.#copy(length)
    const { buffer, byteOffset } = this.#bytes
    return new Uint8Array(buffer, byteOffset + this.#take(length), length)
  }

  #copy(length: number): Uint8Array {
    const from = this.#take(length)
    const copy = new Uint8Array(length)
    copy.set(this.#bytes.subarray(from, this.#at))
    return copy
  }

  /** Steps over so many bytes; where they start. */
  #take(length: number): number {
    const from = this.#at
    if (length > this.#bytes.length - from) throw refuse('input ends early')
    this.#at = from + length
    return from
  }
}

/** Map keys are sorted by length, then as bytes. */
function isAfter(key: string, last: string): boolean {
  return key.length === last.length ? key > last : key.length > last.length
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

function isLetterOrDigit(byte: number): boolean {
  return isLower(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39)
}

function simpleOf(information: number): boolean | null {
  if (information === FALSE) return false
  if (information === TRUE) return true
  if (information === NULL) return null
  throw refuse('float, undefined or simple value')
}

/** The CID in these bytes, null if they are not its one binary form. */
function cidOf(bytes: Uint8Array): CID | null {
  if (isSha256Cid(bytes))
    return new CID(1, bytes[1]!, new Digest(SHA2_256, SHA256_BYTES, bytes.subarray(4), bytes.subarray(2)), bytes)
  try {
    const cid = CID.decode(bytes)
    const { code, digest } = cid.multihash
    const again = CID.create(cid.version, cid.code, createDigest(code, digest))
    return Buffer.compare(again.bytes, bytes) === 0 ? cid : null
  } catch {
    return null
  }
}

function isSha256Cid(bytes: Uint8Array): boolean {
  const [version, codec, algorithm, length] = bytes
  return (
    bytes.length === SHA256_CID_BYTES &&
    version === 1 &&
    codec! < 0x80 &&
    algorithm === SHA2_256 &&
    length === SHA256_BYTES
  )
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_ENCODING', what)
}
