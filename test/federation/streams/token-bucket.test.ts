import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from '../../../src/federation/streams/token-bucket.ts'

const schedule = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 60 })

test('over any schedule, what passes within any time is at most burst + rate * time', () => {
  fc.assert(
    fc.property(
      schedule,
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 5_000 }),
      (steps, burst, perSecond) => {
        const bucket = new TokenBucket({ burst, perSecond }, 0)
        const passed: { atMs: number; cost: number }[] = []
        let now = 0
        for (const [gapMs, cost] of steps) {
          now += gapMs
          const affordable = Math.min(cost, burst)
          passed.push({ atMs: now + bucket.charge(affordable, now), cost: affordable })
        }
        for (const [i, { atMs: from }] of passed.entries()) {
          let sum = 0
          for (const { atMs, cost } of passed.slice(i)) {
            sum += cost
            expect(sum).toBeLessThanOrEqual(burst + (perSecond * (atMs - from)) / 1000 + 1e-6)
          }
        }
      },
    ),
  )
})

test('charges pass in the order they were made, and none waits longer than what is owed takes', () => {
  fc.assert(
    fc.property(schedule, steps => {
      const [burst, perSecond] = [300, 1_000]
      const bucket = new TokenBucket({ burst, perSecond }, 0)
      let [now, last, total] = [0, 0, 0]
      for (const [gapMs, cost] of steps) {
        now += gapMs
        total += cost
        const at = now + bucket.charge(cost, now)
        expect(at).toBeGreaterThanOrEqual(last - 1e-6)
        expect(at).toBeLessThanOrEqual(now + (total / perSecond) * 1000)
        last = at
      }
    }),
  )
})

test('a bucket that rested is full, and never more than full', () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 5 }, 0)
  expect(bucket.charge(10, 0)).toBe(0)
  expect(bucket.isFull(1_999)).toBe(false)
  expect(bucket.isFull(2_000)).toBe(true)
  expect(bucket.charge(10, 1e9)).toBe(0)
  expect(bucket.charge(5, 1e9)).toBe(1_000)
})
