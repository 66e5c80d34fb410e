import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LEAST_MESSAGE_BYTES, MessageWeights } from '../../../src/node/network/message-weights.ts'

function varintOf(length: number): number[] {
  return length < 0x80 ? [length] : [(length & 0x7f) | 0x80, ...varintOf(Math.floor(length / 0x80))]
}

test('a message counts as its bytes or the least, in whatever pieces it comes', () => {
  const lengths = fc.array(fc.oneof(fc.nat(2), fc.nat(400), fc.nat(40_000)), { minLength: 1, maxLength: 12 })
  const cuts = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(lengths, cuts, fc.boolean(), (all, sizes, isListed) => {
      const bytes = Buffer.concat(all.flatMap(length => [Buffer.from(varintOf(length)), Buffer.alloc(length, 0x80)]))
      const pieces: Uint8Array[] = []
      for (let at = 0, i = 0; at < bytes.byteLength; i++) {
        const size = 1 + sizes[i % sizes.length]!
        pieces.push(bytes.subarray(at, at + size))
        at += size
      }
      const list = Object.assign(pieces.values(), { byteLength: bytes.byteLength })
      const weights = new MessageWeights()
      const weight = isListed ? weights.weigh(list) : pieces.reduce((sum, piece) => sum + weights.weigh(piece), 0)
      const ownBytes = (length: number) => varintOf(length).length + Math.max(length, LEAST_MESSAGE_BYTES)
      expect(weight).toBe(all.reduce((sum, length) => sum + ownBytes(length), 0))
    }),
  )
})

test('a length without end, counts as a number', () => {
  const weights = new MessageWeights()
  const endless = Buffer.concat([Buffer.alloc(1_000, 0x80), Buffer.alloc(1_000)])
  expect(weights.weigh(endless)).toBeLessThanOrEqual(endless.byteLength + 1_000 * LEAST_MESSAGE_BYTES)
  expect(weights.weigh(Buffer.alloc(1_000, 0xff))).toBe(1_000)
  expect(weights.weigh(Buffer.alloc(1_000))).toBeLessThan(Number.POSITIVE_INFINITY)
})
