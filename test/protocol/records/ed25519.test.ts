import { readFileSync } from 'node:fs'
import { getPublicKeyAsync, signAsync, verifyAsync } from '@noble/ed25519'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ed25519SelfTest,
  ProtocolError,
  signedBytesOf,
  verifyEd25519,
  verifyEd25519OnPool,
} from '../../../src/protocol/index.ts'

interface Case {
  readonly set: string
  readonly i: number
  readonly pk: string
  readonly msg: string
  readonly sig: string
  readonly strict: boolean
}
const path = new URL('../../vectors/ed25519-strict.json', import.meta.url)
const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly Case[]
const bytesOf = (c: Case) => [c.pk, c.msg, c.sig].map(hex => Buffer.from(hex, 'hex')) as [Buffer, Buffer, Buffer]

describe('the strict Ed25519 rule', () => {
  it('agrees with all 1,273 verdicts', () => {
    const wrong = cases.filter(c => verifyEd25519(...bytesOf(c)) !== c.strict)
    expect({ cases: cases.length, wrong }).toEqual({ cases: 1273, wrong: [] })
  })

  it('agrees with them on the thread pool', async () => {
    const verdicts = await Promise.all(cases.map(c => verifyEd25519OnPool(...bytesOf(c))))
    expect(cases.filter((c, i) => verdicts[i] !== c.strict)).toEqual([])
  })

  it('accepts what noble signs and refuses it changed, as noble does', async () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
    await fc.assert(
      fc.asyncProperty(seed, fc.uint8Array({ maxLength: 200 }), fc.nat(511), async (secret, message, bit) => {
        const publicKey = await getPublicKeyAsync(secret)
        const signature = await signAsync(message, secret)
        expect(verifyEd25519(publicKey, message, signature)).toBe(true)
        const changed = Uint8Array.from(signature)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(verifyEd25519(publicKey, message, changed)).toBe(false)
        expect(await verifyAsync(changed, message, publicKey)).toBe(false)
      }),
      { numRuns: 40 },
    )
  })

  it('answers false to keys and signatures of other lengths', () => {
    expect(verifyEd25519(new Uint8Array(31), new Uint8Array(), new Uint8Array(64))).toBe(false)
    expect(verifyEd25519(new Uint8Array(32).fill(2), new Uint8Array(), new Uint8Array(65))).toBe(false)
  })

  it('passes its start-up self-test, which notices a lenient and a broken runtime', () => {
    expect(() => ed25519SelfTest()).not.toThrow()
    expect(() => ed25519SelfTest(() => true)).toThrow(ProtocolError)
    expect(() => ed25519SelfTest(() => false)).toThrow(ProtocolError)
  })

  it('signs domain, network and payload', () => {
    const bytes = Buffer.from(signedBytesOf('main', Uint8Array.of(1, 2)))
    expect(bytes.subarray(0, 16).toString('latin1')).toBe('hanse-record-v1\0')
    expect(bytes.length).toBe(16 + 32 + 2)
  })
})
