import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { decodeCanonical } from './canonical-decode.ts'
import { ProtocolError } from './errors.ts'
import { MAX_VALUE_BYTES } from './limits.ts'

/**
 * The one encoding of a value in the dag-cbor profile (section 1).
 * @throws ProtocolError E_ENCODING, E_DEPTH, E_TEXT, E_SIZE for a value that has none
 */
export function encodeCanonical(value: unknown): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = encode(value)
  } catch (cause) {
    throw new ProtocolError('E_ENCODING', 'value without an encoding', { cause })
  }
  if (bytes.length > MAX_VALUE_BYTES) throw tooLong(MAX_VALUE_BYTES)
  decodeCanonical(bytes, MAX_VALUE_BYTES)
  // The encoder writes a lone surrogate as U+FFFD; only then is the value worth a walk, now known to be shallow.
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('\ufffd') && !isWellFormedThroughout(value)) {
    throw new ProtocolError('E_TEXT', 'text with a lone surrogate')
  }
  return bytes
}

/**
 * The value of bytes that are exactly its one encoding in the dag-cbor profile (section 1); `maxItems` bounds the items
 * and entries of all its arrays and maps, of which each costs a hundred times its byte once decoded.
 * @throws ProtocolError E_ENCODING, E_DEPTH, E_TEXT, E_SIZE
 */
export function parseCanonical(bytes: Uint8Array, maxBytes = MAX_VALUE_BYTES, maxItems = maxBytes): unknown {
  if (bytes.length > maxBytes) throw tooLong(maxBytes)
  return decodeCanonical(bytes, maxItems)
}

/** As parseCanonical, with byte strings that are views into the bytes: for what lives no longer than they. */
export function viewCanonical(bytes: Uint8Array, maxBytes: number, maxItems = maxBytes): unknown {
  if (bytes.length > maxBytes) throw tooLong(maxBytes)
  return decodeCanonical(bytes, maxItems, true)
}

/**
 * Checks any hex text as `verify record` does: the encoding profile of section 1, not the schemas.
 * @throws ProtocolError as parseCanonical, E_ENCODING for text that is not hex
 */
export function parseCanonicalHex(hex: string): unknown {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) throw new ProtocolError('E_ENCODING', 'not hex')
  return parseCanonical(Buffer.from(hex, 'hex'))
}

function isWellFormedThroughout(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true
  if (CID.asCID(value) !== null) return true
  return Object.values(value).every(isWellFormedThroughout)
}

function tooLong(maxBytes: number): ProtocolError {
  return new ProtocolError('E_SIZE', `value longer than ${maxBytes} bytes`)
}
