import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { MAX_CACHED_KEYS } from './limits.ts'

/** Field prime 2^255-19 and group order of RFC 8032 section 5.1, little-endian. */
const FIELD_PRIME = littleEndian(2n ** 255n - 19n)
const GROUP_ORDER = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n)
const PUBLIC_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const SIGN_BIT = 0x80
/** First bytes of the y coordinates below: only a point that starts with one is worth its hex. */
const SMALL_ORDER_STARTS: ReadonlySet<number> = new Set([0x00, 0x01, 0x26, 0xc7, 0xec])
/** y coordinates, < p, of the 8 small-order points: with either sign bit all canonical ones of the 14 encodings. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])
/** DER of an Ed25519 SubjectPublicKeyInfo up to the key (RFC 8410 section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Parsed public keys, least recently used first. */
const cachedKeys = new Map<string, KeyObject>()

/** Whether a signature is valid under the strict rule (section 2.2); false for input of any shape. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = mayVerifyEd25519(publicKey, signature) ? keyObjectOf(publicKey) : null
  return key !== null && verify(null, message, key, signature)
}

/** As verifyEd25519, with the curve arithmetic on the thread pool. */
export function verifyEd25519OnPool(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = mayVerifyEd25519(publicKey, signature) ? keyObjectOf(publicKey) : null
  if (key === null) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    verify(null, message, key, signature, (error, valid) => (error === null ? resolve(valid) : reject(error)))
  })
}

/** The strict rule but for its equation: sizes, canonical y of A and R, neither of small order, S below the group order. */
export function mayVerifyEd25519(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
  if (!isAcceptedPoint(publicKey) || !isAcceptedPoint(signature.subarray(0, 32))) return false
  return isBelow(signature.subarray(32), GROUP_ORDER)
}

function isAcceptedPoint(encoded: Uint8Array): boolean {
  // y is below p unless all bytes above the first are those of p.
  if (((encoded[31] ?? 0) & ~SIGN_BIT) !== 0x7f && !SMALL_ORDER_STARTS.has(encoded[0] ?? 0)) return true
  const y = Buffer.from(encoded)
  y[31] = (y[31] ?? 0) & ~SIGN_BIT
  return isBelow(y, FIELD_PRIME) && !SMALL_ORDER_Y.has(y.toString('hex'))
}

function isBelow(value: Uint8Array, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (value[i] ?? 0) - (bound[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** The parsed key, from a bounded cache; null when the runtime does not take it. */
function keyObjectOf(publicKey: Uint8Array): KeyObject | null {
  const name = Buffer.from(publicKey).toString('latin1')
  const known = cachedKeys.get(name)
  if (known !== undefined) {
    cachedKeys.delete(name)
    cachedKeys.set(name, known)
    return known
  }
  const key = parseKey(publicKey)
  if (key === null) return null
  if (cachedKeys.size >= MAX_CACHED_KEYS) dropOldestKey()
  cachedKeys.set(name, key)
  return key
}

function parseKey(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
  } catch {
    return null
  }
}

function dropOldestKey(): void {
  for (const oldest of cachedKeys.keys()) {
    cachedKeys.delete(oldest)
    return
  }
}

function littleEndian(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()
}
