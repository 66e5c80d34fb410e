import { createRequire } from 'node:module'

interface Libsodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
}

let loaded: Libsodium | null | undefined

/** libsodium, which verifies in two thirds of OpenSSL's time; null on a system that it is not built for. */
export function libsodium(): Libsodium | null {
  if (loaded === undefined) loaded = load()
  return loaded
}

function load(): Libsodium | null {
  try {
    return createRequire(import.meta.url)('sodium-native') as Libsodium
  } catch {
    return null
  }
}
