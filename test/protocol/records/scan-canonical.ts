import { decode, encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { ProtocolError } from '../../../src/protocol/errors.ts'
import { MAX_DEPTH, MAX_KEY_CHARS } from '../../../src/protocol/limits.ts'
import { isProfileText } from '../../../src/protocol/unicode.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const KEY = new RegExp(`^[a-z][a-zA-Z0-9]{0,${MAX_KEY_CHARS - 1}}$`)
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
const NULL = 22

/** An array or map being read: items still to come, and the key read last in a map. */
interface Open {
  remaining: number
  readonly isMap: boolean
  lastKey: string | null
}

/** The value by another way than the program's: scanned, then decoded and encoded again by @ipld/dag-cbor; throws as parseCanonical. */
export function parseTwice(bytes: Uint8Array, maxItems: number): unknown {
  scanCanonical(bytes, maxItems)
  const value = decode(bytes)
  if (Buffer.compare(encode(value), bytes) !== 0) throw refuse('not the one encoding of its value')
  return value
}

/**
 * Refuses bytes that are not exactly one value of the dag-cbor profile (section 1), or whose arrays and maps have more
 * than `maxItems` items and entries in all; keeps no value and does not recurse.
 * @throws ProtocolError E_ENCODING, E_DEPTH, E_TEXT, E_SIZE
 */
function scanCanonical(bytes: Uint8Array, maxItems: number): void {
  new Scanner(bytes, maxItems).scan()
}

class Scanner {
  readonly #bytes: Uint8Array
  readonly #open: Open[] = []
  #at = 0
  #itemsLeft: number

  constructor(bytes: Uint8Array, maxItems: number) {
    this.#bytes = bytes
    this.#itemsLeft = maxItems
  }

  scan(): void {
    do {
      this.#item()
      this.#closeFinished()
    } while (this.#open.length > 0)
    if (this.#at !== this.#bytes.length) throw refuse('bytes after the value')
  }

  #closeFinished(): void {
    let top = this.#open.at(-1)
    while (top !== undefined && top.remaining === 0) {
      this.#open.pop()
      top = this.#open.at(-1)
    }
  }

  #item(): void {
    const container = this.#open.at(-1)
    if (container !== undefined) {
      container.remaining--
      if (container.isMap) this.#key(container)
    }
    const head = this.#byte()
    const major = head >> 5
    if (major === SIMPLE) this.#simple(head & 31)
    else this.#value(major, this.#argument(head & 31))
  }

  #value(major: number, argument: number): void {
    if (major === UNSIGNED) return
    if (major === NEGATIVE) refuseBelowSafe(argument)
    else if (major === BYTES) this.#take(argument)
    else if (major === TEXT) this.#text(argument)
    else if (major === TAG) this.#link(argument)
    else this.#container(major === MAP, argument)
  }

  #container(isMap: boolean, items: number): void {
    if (this.#open.length === MAX_DEPTH) {
      throw new ProtocolError('E_DEPTH', `containers nested deeper than ${MAX_DEPTH}`)
    }
    // Every item takes a byte at least, so a claim beyond the input is refused before anything is read.
    if (items > this.#bytes.length - this.#at) throw refuse('container longer than the input')
    this.#itemsLeft -= items
    if (this.#itemsLeft < 0) throw new ProtocolError('E_SIZE', 'more items than allowed')
    this.#open.push({ remaining: items, isMap, lastKey: null })
  }

  #key(container: Open): void {
    const head = this.#byte()
    if (head >> 5 !== TEXT) throw refuse('map key that is not text')
    const key = this.#text(this.#argument(head & 31))
    if (!KEY.test(key) || FORBIDDEN_KEYS.has(key)) throw refuse('map key outside the profile')
    const last = container.lastKey
    if (last === key) throw refuse('duplicate map key')
    if (last !== null && (key.length < last.length || (key.length === last.length && key < last))) {
      throw refuse('unsorted map keys')
    }
    container.lastKey = key
  }

  #text(length: number): string {
    const bytes = this.#take(length)
    let text: string
    try {
      text = UTF8.decode(bytes)
    } catch (cause) {
      throw new ProtocolError('E_ENCODING', 'text that is not UTF-8', { cause })
    }
    if (!isProfileText(text)) throw new ProtocolError('E_TEXT', 'text that is not NFC of Unicode 17.0')
    return text
  }

  /** Tag 42 with the identity multibase byte and a CID whose own numbers are in their shortest form. */
  #link(tag: number): void {
    if (tag !== CID_TAG) throw refuse('tag other than 42')
    const head = this.#byte()
    if (head >> 5 !== BYTES) throw refuse('link that is not bytes')
    const bytes = this.#take(this.#argument(head & 31))
    if (bytes[0] !== 0) throw refuse('link without its multibase byte')
    if (!isCanonicalCid(bytes.subarray(1))) throw refuse('link that is not a CID')
  }

  #simple(information: number): void {
    if (information < FALSE || information > NULL) throw refuse('float, undefined or simple value')
  }

  /** The number of a head: definite, shortest form, at most 2^53-1. */
  #argument(information: number): number {
    if (information < 24) return information
    if (information > 27) throw refuse('indefinite length or reserved head')
    const size = 1 << (information - 24)
    let value = 0
    for (const byte of this.#take(size)) value = value * 256 + byte
    if (value > Number.MAX_SAFE_INTEGER) throw refuse('integer above 2^53-1')
    const leastOfSize = size === 1 ? 24 : 256 ** (size / 2)
    if (value < leastOfSize) throw refuse('integer not in its shortest form')
    return value
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw refuse('input ends early')
    this.#at++
    return byte
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw refuse('input ends early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

/** A negative integer is -1 minus its argument. */
function refuseBelowSafe(argument: number): void {
  if (argument === Number.MAX_SAFE_INTEGER) throw refuse('integer below -(2^53-1)')
}

function isCanonicalCid(bytes: Uint8Array): boolean {
  try {
    const cid = CID.decode(bytes)
    const { code, digest } = cid.multihash
    const again = CID.create(cid.version, cid.code, createDigest(code, digest))
    return Buffer.compare(again.bytes, bytes) === 0
  } catch {
    return false
  }
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_ENCODING', what)
}
