import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Sign } from '../../../src/protocol/index.ts'

/** A fixed Ed25519 key: 32 times the same byte as seed. */
export interface SigningKey {
  readonly publicKey: Uint8Array
  readonly sign: Sign
}

export function signingKey(seed: number): SigningKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { publicKey: Uint8Array.from(publicKey), sign: bytes => Uint8Array.from(sign(null, bytes, key)) }
}
