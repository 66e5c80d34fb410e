import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** RFC 8410: the DER prefix of a PKCS #8 Ed25519 private key; the 32-byte seed follows. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key that signs; the secret stays inside. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 32 bytes, secret: for the identity file alone. */
  readonly seed: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

function publicBytesOf(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(x ?? '', 'base64url'))
}

/** The key of a 32-byte seed (RFC 8032 section 5.1.5). */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new TypeError('an Ed25519 seed has 32 bytes')
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  return {
    publicKey: publicBytesOf(key),
    seed,
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}

/** A new random key. */
export function createSigningKey(): SigningKey {
  const { d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return signingKeyOf(new Uint8Array(Buffer.from(d ?? '', 'base64url')))
}
