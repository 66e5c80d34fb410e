import { createDecipheriv } from 'node:crypto'
import { noise } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'

type NoiseCrypto = typeof defaultCrypto
type Decrypt = NoiseCrypto['chaCha20Poly1305Decrypt']

/** Longest noise message, bytes. */
const MAX_MESSAGE_BYTES = 65_535
const TAG_BYTES = 16
/** Below, libp2p's own way is faster. */
const LEAST_BYTES = 1_200

/** Where a message that came in several pieces is put together: it is read out again in the same turn. */
const joined = Buffer.allocUnsafeSlow(MAX_MESSAGE_BYTES)

/**
 * Noise whose long messages are decrypted in one piece, wherever TCP cut them: else each frame in them has to be put together anew in
 * memory of its own, and what fills memory is what makes this process stop for garbage collection.
 */
export function joiningNoise(): ReturnType<typeof noise> {
  return noise({ crypto: { ...defaultCrypto, chaCha20Poly1305Decrypt: decryptJoined } })
}

/** As `chaCha20Poly1305Decrypt` of libp2p; throws when the tag is another. */
export const decryptJoined: Decrypt = (ciphertext, nonce, ad, key, dst) => {
  const bytes = ciphertext.byteLength
  if (ciphertext instanceof Uint8Array || bytes < LEAST_BYTES || bytes > MAX_MESSAGE_BYTES)
    return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, dst)
  let at = 0
  for (const piece of ciphertext) {
    joined.set(piece, at)
    at += piece.byteLength
  }
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(ad, { plaintextLength: bytes - TAG_BYTES })
  decipher.setAuthTag(joined.subarray(bytes - TAG_BYTES, bytes))
  const plaintext = decipher.update(joined.subarray(0, bytes - TAG_BYTES))
  decipher.final() // throws when the tag is another; a stream cipher has nothing left
  return plaintext
}
