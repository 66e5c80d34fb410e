import { defaultCrypto } from '@libp2p/noise/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decryptJoined } from '../../../src/node/network/noise-cipher.ts'

const key = new Uint8Array(32).fill(7)
const nonce = new Uint8Array(12).fill(3)
const none = new Uint8Array(0)

/** A message as TCP may bring it: cut where the numbers say. */
function cut(bytes: Uint8Array, at: readonly number[]): Parameters<typeof decryptJoined>[0] {
  const ends = [...at.map(each => each % (bytes.byteLength + 1)), bytes.byteLength].toSorted((a, b) => a - b)
  const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
  return Object.assign(pieces, { byteLength: bytes.byteLength }) as unknown as Parameters<typeof decryptJoined>[0]
}

const sealed = (plaintext: Uint8Array): Uint8Array =>
  Uint8Array.from(defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, none, key).subarray())

test('wherever a message was cut, it is decrypted in one piece', () => {
  const plain = fc.uint8Array({ minLength: 1_200, maxLength: 65_519 })
  fc.assert(
    fc.property(plain, fc.array(fc.nat(), { maxLength: 5 }), (plaintext, at) => {
      const opened = decryptJoined(cut(sealed(plaintext), at), nonce, none, key)
      expect(opened).toBeInstanceOf(Uint8Array)
      expect(Buffer.from(opened.subarray()).equals(plaintext)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('one altered bit anywhere, tag included, and nothing is handed on', () => {
  const message = sealed(new Uint8Array(2_000).fill(1))
  fc.assert(
    fc.property(fc.nat(message.byteLength - 1), fc.nat(7), fc.nat(), (byte, bit, at) => {
      const altered = Uint8Array.from(message)
      altered[byte] = (altered[byte] ?? 0) ^ (1 << bit)
      expect(() => decryptJoined(cut(altered, [at]), nonce, none, key)).toThrow()
    }),
  )
})
