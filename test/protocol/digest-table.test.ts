import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DigestTable, longNumbers, shortNumbers } from '../../src/protocol/index.ts'

/** Digests of which many differ in one byte alone, at either end. */
const digest = fc
  .tuple(fc.nat(255), fc.nat(2), fc.nat(255))
  .map(([first, fill, last]) => Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : i === 31 ? last : fill)))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const ONES = new Uint32Array(16).fill(1)

test('digests are numbered as they come, and found by all their bytes, whatever the factors', () => {
  fc.assert(
    fc.property(
      fc.array(digest, { maxLength: 400 }),
      digest,
      fc.constantFrom(undefined, ONES),
      (all, other, factors) => {
        const table = new DigestTable(factors)
        const numbers = new Map<string, number>()
        for (const each of all) {
          const text = hex(each)
          expect(table.find(each)).toBe(numbers.get(text) ?? null)
          expect(table.add(each)).toBe(numbers.get(text) ?? numbers.size)
          numbers.set(text, numbers.get(text) ?? numbers.size)
        }
        expect(table.size).toBe(numbers.size)
        for (const [text, number] of numbers) expect(hex(table.at(number))).toBe(text)
        expect(table.find(other)).toBe(numbers.get(hex(other)) ?? null)
      },
    ),
  )
})

test('a digest that is too short or too long is no digest', () => {
  for (const length of [0, 31, 33]) expect(() => new DigestTable().add(new Uint8Array(length))).toThrow(TypeError)
})

test('numbers stand where they were set, with zeros between and beyond', () => {
  const step = fc.tuple(fc.nat(300), fc.nat(2 ** 32 - 1))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(320), (steps, length) => {
      for (const numbers of [shortNumbers(), longNumbers()]) {
        const expected: number[] = []
        for (const [at, value] of steps) {
          numbers.set(at, value)
          expected[at] = value
        }
        numbers.cut(length)
        expected.length = Math.min(expected.length, length)
        expect(numbers.length).toBe(expected.length)
        for (let i = 0; i < 310; i++) expect(numbers.at(i)).toBe(expected[i] ?? 0)
      }
    }),
  )
})
