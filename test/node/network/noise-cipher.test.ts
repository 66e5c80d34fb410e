import { defaultCrypto } from '@libp2p/noise/crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LENGTH_BYTES,
  libsodiumCipher,
  type NoiseCipher,
  opensslCipher,
  openWith,
  sealWith,
} from '../../../src/node/network/noise-cipher.ts'

const key = new Uint8Array(32).fill(7)
const nonce = new Uint8Array(12).fill(3)
const none = new Uint8Array(0)
const ciphers = Object.entries({ libsodium: libsodiumCipher(), openssl: opensslCipher }).filter(
  (each): each is [string, NoiseCipher] => each[1] !== null,
)
const additional = fc.uint8Array({ maxLength: 40 })
const plaintexts = fc.uint8Array({ maxLength: 65_519, size: 'max' })

describe.each(ciphers)('%s', (_, cipher) => {
  const seal = sealWith(cipher)
  const open = openWith(cipher)

  test('seals to the bytes of libp2p, behind their length', () => {
    fc.assert(
      fc.property(plaintexts, additional, (plaintext, ad) => {
        const sealed = seal(plaintext, nonce, ad, key).subarray()
        const expected = defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key).subarray()
        expect(Buffer.from(sealed).equals(expected)).toBe(true)
        expect(Buffer.from(sealed.buffer, sealed.byteOffset - LENGTH_BYTES).readUInt16BE()).toBe(expected.byteLength)
      }),
      { numRuns: 25 },
    )
  })

  test('opens what libp2p sealed, into other memory or into its own', () => {
    fc.assert(
      fc.property(plaintexts, additional, fc.boolean(), (plaintext, ad, inPlace) => {
        const sealed = Uint8Array.from(defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key).subarray())
        const opened = open(sealed, nonce, ad, key, inPlace ? sealed.subarray(0, -16) : undefined)
        expect(Buffer.from(opened.subarray()).equals(plaintext)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  test('throws when one bit is another, tag included, and leaves nothing of the plaintext', () => {
    const plaintext = new Uint8Array(2_000).fill(1)
    const sealed = Uint8Array.from(seal(plaintext, nonce, none, key).subarray())
    fc.assert(
      fc.property(fc.nat(sealed.byteLength - 1), fc.nat(7), (byte, bit) => {
        const altered = Uint8Array.from(sealed)
        altered[byte] = (altered[byte] ?? 0) ^ (1 << bit)
        const into = new Uint8Array(plaintext.byteLength)
        expect(() => open(altered, nonce, none, key, into)).toThrow()
        expect(into.every(each => each === 0)).toBe(true)
      }),
    )
  })

  test('throws for what is shorter than a tag', () => {
    expect(() => open(new Uint8Array(15), nonce, none, key)).toThrow('tag')
  })
})
