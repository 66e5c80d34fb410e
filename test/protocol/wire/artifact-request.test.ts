import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type BlockId,
  encodeCanonical,
  encodeContentRequest,
  parseCanonical,
  parseContentRequest,
} from '../../../src/protocol/index.ts'

const root = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), { minLength: 30, maxLength: 120 })
  .map(letters => `b${letters.join('')}` as BlockId)
const leaf = fc.oneof(fc.nat(1024), fc.constantFrom(0, 23, 24, 255, 256, 1024))
const requests = fc.record({ ask: fc.constant('artifact' as const), root, from: leaf, count: leaf })

test('an artifact request has the encoding that every value has, and is read as it was', () => {
  fc.assert(
    fc.property(requests, request => {
      const bytes = encodeContentRequest(request)
      expect(Buffer.from(bytes).equals(encodeCanonical(request))).toBe(true)
      expect(parseContentRequest(bytes)).toEqual(request)
    }),
  )
})

test('what is not the one encoding of an artifact request is read by the general parser or refused', () => {
  const altered = fc.tuple(requests, fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'insert'))
  let read = 0
  let refused = 0
  fc.assert(
    fc.property(altered, ([request, at, byte, how]) => {
      const bytes = Buffer.from(encodeContentRequest(request))
      const place = at % bytes.byteLength
      if (how === 'set') bytes[place] = byte
      const changed = {
        set: bytes,
        cut: bytes.subarray(0, place),
        insert: Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), bytes.subarray(place)]),
      }[how]
      let parsed: unknown
      try {
        parsed = parseContentRequest(changed)
      } catch {
        refused++
        return
      }
      read++
      expect(parseCanonical(changed)).toEqual(parsed)
    }),
    { numRuns: 2_000 },
  )
  expect(read).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(0)
})
