import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import type { defaultCrypto } from '@libp2p/noise/crypto'

type Seal = (typeof defaultCrypto)['chaCha20Poly1305Encrypt']
type Open = (typeof defaultCrypto)['chaCha20Poly1305Decrypt']

/** ChaCha20-Poly1305 in place: what is opened may be the memory of what was sealed. */
export interface NoiseCipher {
  /** `message` is the plaintext and behind it room for the tag. */
  seal(message: Uint8Array, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): void
  /** Throws when the tag is another, and tells nothing of the plaintext then. */
  open(message: Uint8Array, plaintext: Uint8Array, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): void
}

/** Of libsodium what is used here. */
interface Libsodium {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    message: Uint8Array,
    plaintext: Uint8Array,
    ad: Uint8Array | null,
    nsec: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
  crypto_aead_chacha20poly1305_ietf_decrypt(
    plaintext: Uint8Array,
    nsec: null,
    message: Uint8Array,
    ad: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
}

const TAG_BYTES = 16
/** Bytes of a message's length, before it. */
export const LENGTH_BYTES = 2
const CIPHER = 'chacha20-poly1305'
const OPTIONS = { authTagLength: TAG_BYTES }

/** By OpenSSL: as fast for long messages, six times slower for short ones. */
export const opensslCipher: NoiseCipher = {
  seal(message, nonce, ad, key) {
    const bytes = message.byteLength - TAG_BYTES
    const cipher = createCipheriv(CIPHER, keyObjectOf(key), nonce, OPTIONS)
    cipher.setAAD(ad, { plaintextLength: bytes })
    message.set(cipher.update(message.subarray(0, bytes)))
    cipher.final() // a stream cipher has nothing left
    message.set(cipher.getAuthTag(), bytes)
  },
  open(message, plaintext, nonce, ad, key) {
    const bytes = message.byteLength - TAG_BYTES
    const decipher = createDecipheriv(CIPHER, keyObjectOf(key), nonce, OPTIONS)
    decipher.setAAD(ad, { plaintextLength: bytes })
    decipher.setAuthTag(message.subarray(bytes))
    const opened = decipher.update(message.subarray(0, bytes))
    decipher.final() // throws when the tag is another
    plaintext.set(opened)
  },
}

/** By libsodium, which checks the tag first; null on a system that it is not built for. */
export function libsodiumCipher(): NoiseCipher | null {
  let sodium: Libsodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Libsodium
  } catch {
    return null
  }
  return {
    seal(message, nonce, ad, key) {
      const plaintext = message.subarray(0, message.byteLength - TAG_BYTES)
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(message, plaintext, orNull(ad), null, nonce, key)
    },
    open(message, plaintext, nonce, ad, key) {
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, message, orNull(ad), nonce, key)
    },
  }
}

/** A message as noise sends it, sealed by a cipher: the two bytes of its length lie before what is returned. */
export function sealWith(cipher: NoiseCipher): Seal {
  return (plaintext, nonce, ad, key) => {
    const room = Buffer.allocUnsafe(LENGTH_BYTES + plaintext.byteLength + TAG_BYTES)
    room.writeUInt16BE(plaintext.byteLength + TAG_BYTES)
    let at = LENGTH_BYTES
    for (const piece of plaintext instanceof Uint8Array ? [plaintext] : plaintext) {
      room.set(piece, at)
      at += piece.byteLength
    }
    const message = room.subarray(LENGTH_BYTES)
    cipher.seal(message, nonce, ad, key)
    return message
  }
}

/** Opens a message into the memory that is named, or into its own. Throws when it is too short or its tag is another. */
export function openWith(cipher: NoiseCipher): Open {
  return (ciphertext, nonce, ad, key, into) => {
    const bytes = ciphertext.byteLength - TAG_BYTES
    if (bytes < 0) throw new Error('noise message without a tag')
    const plaintext = into ?? Buffer.allocUnsafe(bytes)
    cipher.open(ciphertext.subarray(), plaintext, nonce, ad, key)
    return plaintext
  }
}

const orNull = (ad: Uint8Array): Uint8Array | null => (ad.byteLength === 0 ? null : ad)

/** Made once for each key: from bytes it takes OpenSSL longer than a short message. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObjectOf(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key)
  if (known !== undefined) return known
  const made = createSecretKey(key)
  keyObjects.set(key, made)
  return made
}
