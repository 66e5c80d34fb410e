import { encodeCanonical, viewCanonical } from './canonical.ts'
import { ProtocolError } from './errors.ts'
import type { SignatureCheck } from './key-list.ts'
import { MAX_RECORD_BYTES, MAX_SIGNATURE_BYTES, MAX_SIGNATURES } from './limits.ts'
import type { KeyList } from './record.ts'
import { type SignatureDomain, signedBytesOf } from './signature-domain.ts'

/** One signature of an envelope: algorithm, index in the signing key list, signature. */
export type EnvelopeSignature = readonly [number, number, Uint8Array]

/** A payload's exact bytes and its signatures, neither checked yet. */
export interface Envelope {
  readonly payload: Uint8Array
  readonly signatures: readonly EnvelopeSignature[]
}

/** Signs bytes with the key of that index in the signing key list; Ed25519 keys give 64 bytes. */
export type Sign = (bytes: Uint8Array, keyIndex: number) => Uint8Array

/** The envelope of a payload, signed by every key of a list in its order (section 3). */
export function sealEnvelope(
  payload: Uint8Array,
  keys: KeyList,
  place: { readonly net: string; readonly domain: SignatureDomain },
  sign: Sign,
): Uint8Array {
  const message = signedBytesOf(place.net, payload, place.domain)
  return encodeCanonical({ p: payload, s: keys.map(([alg], index) => [alg, index, sign(message, index)]) })
}

/**
 * An envelope's parts (section 3), views into its bytes; says nothing about its signatures.
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_ENVELOPE
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const value = viewCanonical(bytes, MAX_RECORD_BYTES)
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'p,s') throw refuse('fields')
  const { p, s } = value as { p: unknown; s: unknown }
  if (!(p instanceof Uint8Array)) throw refuse('payload')
  if (!Array.isArray(s) || s.length < 1 || s.length > MAX_SIGNATURES) throw refuse('number of signatures')
  return { payload: p, signatures: s.map(parseSignature) }
}

/**
 * What must verify for an envelope to be signed by exactly the keys of a list: each once, in order, none beside (section 3).
 * @throws ProtocolError E_ENVELOPE
 */
export function signatureChecksOf(
  envelope: Envelope,
  keys: KeyList,
  place: { readonly net: string; readonly domain: SignatureDomain },
): readonly SignatureCheck[] {
  if (envelope.signatures.length !== keys.length) throw refuse('a signature too many or too few')
  const message = signedBytesOf(place.net, envelope.payload, place.domain)
  return envelope.signatures.map(([alg, keyIndex, signature], index) => {
    const key = keys[index]
    if (key === undefined || keyIndex !== index) throw refuse('key index')
    if (alg !== key[0]) throw refuse('algorithm other than its key')
    return { alg, publicKey: key[1], message, signature }
  })
}

function parseSignature(value: unknown): EnvelopeSignature {
  if (!Array.isArray(value) || value.length !== 3) throw refuse('signature')
  const [alg, keyIndex, signature] = value as unknown[]
  if (typeof alg !== 'number' || typeof keyIndex !== 'number') throw refuse('signature')
  if (!(signature instanceof Uint8Array) || signature.length > MAX_SIGNATURE_BYTES) throw refuse('signature')
  return [alg, keyIndex, signature]
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_ENVELOPE', `envelope: ${what}`)
}
