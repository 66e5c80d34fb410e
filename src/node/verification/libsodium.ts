import { createRequire } from 'node:module'
import { mayVerifyEd25519, type verifyEd25519 } from '../../protocol/index.ts'

interface Libsodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
}

/** `verifyEd25519` by libsodium, in two thirds of OpenSSL's time; null on a system that it is not built for. */
export function libsodiumVerifier(): typeof verifyEd25519 | null {
  let sodium: Libsodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Libsodium
  } catch {
    return null
  }
  return (publicKey, message, signature) =>
    mayVerifyEd25519(publicKey, signature) && sodium.crypto_sign_verify_detached(signature, message, publicKey)
}
