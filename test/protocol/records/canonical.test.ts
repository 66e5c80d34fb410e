import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import {
  base32CidOf,
  bytesOfBase32Cid,
  encodeCanonical,
  ProtocolError,
  parseCanonical,
  parseCanonicalHex,
} from '../../../src/protocol/index.ts'
import { parseTwice } from './scan-canonical.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}
const nested = (depth: number): Uint8Array => Buffer.concat([Buffer.alloc(depth - 1, 0x81), Buffer.from([0x80])])
const text = (value: string): string => codeOf(() => parseCanonical(encode(value)))

const key = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/).filter(name => name !== 'constructor' && name !== 'prototype')
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.maxSafeInteger().map(number => number + 0),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.constant(CID.parse('bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))

describe('the dag-cbor profile', () => {
  it.each([
    ['unsorted keys', 'a2616201616102', 'E_ENCODING'],
    ['a longer key before a shorter', 'a262616101616202', 'E_ENCODING'],
    ['a duplicate key', 'a2616101616102', 'E_ENCODING'],
    ['a key that is no text', 'a10102', 'E_ENCODING'],
    ['a key that starts with an upper-case letter', 'a1614101', 'E_ENCODING'],
    ['an empty key', 'a16001', 'E_ENCODING'],
    ['a 64-bit float', 'fb3ff8000000000000', 'E_ENCODING'],
    ['a 32-bit float', 'fa3fc00000', 'E_ENCODING'],
    ['a 16-bit float', 'f93c00', 'E_ENCODING'],
    ['undefined', 'f7', 'E_ENCODING'],
    ['another simple value', 'e0', 'E_ENCODING'],
    ['a one-byte simple value', 'f820', 'E_ENCODING'],
    ['an indefinite array', '9fff', 'E_ENCODING'],
    ['an indefinite map', 'bfff', 'E_ENCODING'],
    ['an indefinite text', '7f6161ff', 'E_ENCODING'],
    ['an indefinite byte string', '5f4161ff', 'E_ENCODING'],
    ['a lone break', 'ff', 'E_ENCODING'],
    ['an integer in a longer form', '1817', 'E_ENCODING'],
    ['an integer in a much longer form', '1b0000000000000001', 'E_ENCODING'],
    ['a length in a longer form', '580161', 'E_ENCODING'],
    ['2^53', '1b0020000000000000', 'E_ENCODING'],
    ['-2^53', '3b001fffffffffffff', 'E_ENCODING'],
    ['tag 0', 'c06161', 'E_ENCODING'],
    ['tag 42 on text', 'd82a6161', 'E_ENCODING'],
    ['tag 42 on bytes that are no CID', 'd82a420001', 'E_ENCODING'],
    ['broken UTF-8', '61ff', 'E_ENCODING'],
    ['a surrogate in UTF-8', '63eda080', 'E_ENCODING'],
    ['an overlong UTF-8 sequence', '62c080', 'E_ENCODING'],
    ['a byte-order mark', '64efbbbf61', 'E_TEXT'],
    ['bytes after the value', '0000', 'E_ENCODING'],
    ['nothing', '', 'E_ENCODING'],
    ['an early end', '8201', 'E_ENCODING'],
    ['a length beyond the input', '9b001fffffffffffff', 'E_ENCODING'],
    ['text that is not hex', 'zz', 'E_ENCODING'],
  ])('refuses %s', (_, hex, code) => {
    expect(codeOf(() => parseCanonicalHex(hex))).toBe(code)
  })

  it.each(['constructor', 'prototype', '__proto__'])('refuses the key %s', name => {
    const bytes = Buffer.concat([Buffer.from([0xa1, 0x60 + name.length]), Buffer.from(name), Buffer.from([1])])
    expect(codeOf(() => parseCanonical(bytes))).toBe('E_ENCODING')
  })

  it('takes keys of 32 characters and no longer', () => {
    expect(codeOf(() => encodeCanonical({ ['a'.repeat(32)]: 1 }))).toBe('ok')
    expect(codeOf(() => encodeCanonical({ ['a'.repeat(33)]: 1 }))).toBe('E_ENCODING')
  })

  it('takes 16 nested containers, refuses 17 and survives 100,000', () => {
    expect([16, 17, 100_000].map(depth => codeOf(() => parseCanonical(nested(depth))))).toEqual([
      'ok',
      'E_DEPTH',
      'E_DEPTH',
    ])
  })

  it('refuses to encode what has no encoding', () => {
    let deep: unknown = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    for (const bad of [1.5, Number.NaN, undefined, { a: undefined }, 2n ** 60n, 2 ** 53, '\ud800', deep]) {
      expect(codeOf(() => encodeCanonical(bad))).not.toBe('ok')
    }
  })

  it('takes NFC text of Unicode 17.0 only', () => {
    expect(['Köln', '文字', '🛳️', ''].map(text)).toEqual(['ok', 'ok', 'ok', 'ok'])
    // decomposed, unassigned, noncharacter, mark inside
    expect(['o\u0308', '\u0378', '\uffff', 'a\ufeffb'].map(text)).toEqual(['E_TEXT', 'E_TEXT', 'E_TEXT', 'E_TEXT'])
  })

  it('takes and refuses what a scan with a second encoding does, and gives the same values, whatever the bytes', () => {
    const answerOf = (parse: () => unknown): unknown => {
      try {
        return parse()
      } catch (error) {
        if (error instanceof ProtocolError) return error.code
        throw error
      }
    }
    const changes = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }), fc.boolean()), { maxLength: 3 })
    const heads = fc.uint8Array({ maxLength: 12 })
    const check = (bytes: Uint8Array, maxItems: number): void => {
      expect(answerOf(() => parseCanonical(bytes, 1_000, maxItems))).toEqual(
        answerOf(() => parseTwice(bytes, maxItems)),
      )
    }
    fc.assert(
      fc.property(heads, bytes => check(bytes, 100)),
      { numRuns: 4_000 },
    )
    fc.assert(
      fc.property(value, changes, fc.integer({ min: 3, max: 100 }), (sample, edits, maxItems) => {
        const bytes = [...encode(sample)].slice(0, 1_000)
        for (const [at, byte, isNew] of edits) bytes.splice(at % (bytes.length + 1), isNew ? 0 : 1, byte)
        check(Uint8Array.from(bytes), maxItems)
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives back every value it encodes', () => {
    fc.assert(
      fc.property(value, sample => {
        let bytes: Uint8Array
        try {
          bytes = encodeCanonical(sample)
        } catch (error) {
          return error instanceof ProtocolError && error.code === 'E_TEXT'
        }
        expect(Buffer.from(encodeCanonical(parseCanonical(bytes)))).toEqual(Buffer.from(bytes))
        return true
      }),
    )
  })

  it('throws nothing but ProtocolError on any bytes, and takes no second encoding', () => {
    fc.assert(
      fc.property(value, fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.nat(), (sample, patch, at) => {
        const bytes = Buffer.from(encode(sample))
        bytes.set(patch.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length)
        if (codeOf(() => parseCanonical(bytes)) !== 'ok') return
        expect(Buffer.from(encode(parseCanonical(bytes)))).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })
})

it('writes and reads CIDs as multiformats does', () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(digest, fc.constantFrom(0x71, 0x55, 0x70), (bytes, codec) => {
      const cid = CID.createV1(codec, createDigest(0x12, bytes))
      expect(base32CidOf(cid.bytes)).toBe(cid.toString())
      expect(bytesOfBase32Cid(cid.toString())).toEqual(cid.bytes)
    }),
  )
})
