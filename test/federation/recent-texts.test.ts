import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecentTexts } from '../../src/federation/recent-texts.ts'

/** Keeps the last that were new, in the plainest way. */
class Model {
  readonly all = new Set<string>()
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  add(text: string): void {
    this.all.add(text)
    if (this.all.size > this.capacity) this.all.delete(this.all.values().next().value!)
  }
}

const text = fc.nat(40).map(String)
const step = fc.oneof(
  { weight: 40, arbitrary: text.map(add => ({ add })) },
  { weight: 1, arbitrary: fc.constant({ add: null }) },
)

test('exactly the last that were new are remembered, whatever the seed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.string(),
      fc.array(step, { maxLength: 120 }),
      (most, seed, steps) => {
        const recent = new RecentTexts(most, seed)
        const model = new Model(most)
        for (const { add } of steps) {
          if (add === null) {
            recent.clear()
            model.all.clear()
          } else {
            expect(recent.has(add)).toBe(model.all.has(add))
            recent.add(add)
            model.add(add)
          }
          expect(recent.size).toBe(model.all.size)
          for (let i = 0; i <= 40; i++) expect(recent.has(String(i))).toBe(model.all.has(String(i)))
        }
      },
    ),
  )
})

test.each([4_096, 16_384])('of %i all are remembered, and none before them', most => {
  const recent = new RecentTexts(most)
  for (let i = 0; i < 2 * most; i++) recent.add(`text ${i}`)
  expect(recent.size).toBe(most)
  const wrong = Array.from({ length: 2 * most }, (_, i) => i).filter(i => recent.has(`text ${i}`) !== i >= most)
  expect(wrong).toEqual([])
})

test('more than a slot can number are not taken', () => {
  new RecentTexts(65_535)
  expect(() => new RecentTexts(65_536)).toThrow(TypeError)
})
