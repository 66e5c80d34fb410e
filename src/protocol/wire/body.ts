import { encodeCanonical, parseCanonical } from '../canonical.ts'
import { ProtocolError } from '../errors.ts'
import { MAX_VALUE_BYTES } from '../limits.ts'
import { MAX_MESSAGE_ITEMS } from './limits.ts'

/** Bytes of a wire message: the encoding of records, so without floats (specification section 1). */
export function encodeBody(value: unknown): Uint8Array {
  return encodeCanonical(value)
}

/** The value of a wire message's bytes, of at most MAX_MESSAGE_ITEMS items; throws `E_MESSAGE` when they are not one. */
export function parseBody(bytes: Uint8Array): unknown {
  try {
    return parseCanonical(bytes, MAX_VALUE_BYTES, MAX_MESSAGE_ITEMS)
  } catch (cause) {
    throw new ProtocolError('E_MESSAGE', 'message is not canonical dag-cbor', { cause })
  }
}
