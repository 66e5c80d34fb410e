import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DAY_MS,
  EMPTY_IN_THE_WAY_MS,
  EMPTY_MS,
  EVICTED_MS,
  MAX_EVICTIONS,
  MIN_NEWCOMERS_A_DAY,
} from '../../../src/node/unknown/limits.ts'
import { UnknownPublishers } from '../../../src/node/unknown/unknown-publishers.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'

const idOf = (n: number) => `publisher ${n}` as PublisherId
const [one, other, third] = [idOf(1), idOf(2), idOf(3)] as [PublisherId, PublisherId, PublisherId]
const QUOTA = { recordsPerDay: 10, bytesPerDay: 1_000, bytesEach: 5_000, maxPublishers: 3, maxBytes: 10_000 }
const NOBODY = () => false
const unknownOf = (quota: Partial<typeof QUOTA> = {}) => new UnknownPublishers({ ...QUOTA, ...quota })

describe('an unknown publisher', () => {
  test('is followed until it spent the records of its day, and again the next day', () => {
    const unknown = unknownOf()
    unknown.heard(one, 0)
    expect(unknown.stored(one, 9, 90, 1)).toBe(false)
    expect(unknown.followed(1)).toContain(one)
    expect(unknown.stored(one, 1, 10, 2)).toBe(true)
    expect(unknown.followed(2)).toEqual([])
    expect(unknown.followed(DAY_MS)).toContain(one)
  })

  test('is followed until it spent the bytes of its day, and no more once it has all that it may have', () => {
    const unknown = unknownOf()
    unknown.heard(one, 0)
    for (let day = 0; day < 5; day++) {
      expect(unknown.followed(day * DAY_MS)).toContain(one)
      unknown.stored(one, 1, 1_000, day * DAY_MS)
      expect(unknown.followed(day * DAY_MS)).not.toContain(one)
    }
    expect(unknown.followed(9 * DAY_MS)).not.toContain(one)
  })

  test('that spent a quota is told by which, and until when', () => {
    const unknown = unknownOf()
    for (const id of [one, other, third]) unknown.heard(id, 5)
    unknown.stored(one, 9, 90, 6)
    expect([unknown.spentOf(one, 6), unknown.spentOf(idOf(4), 6), unknown.spent(6)]).toEqual([null, null, 0])
    unknown.stored(one, 1, 10, 7)
    unknown.stored(other, 1, 1_000, 8)
    unknown.stored(third, 10, 5_000, 9)
    const spent = [one, other, third].map(id => unknown.spentOf(id, 9))
    expect(spent).toEqual([
      { quota: 'recordsPerDay', until: 5 + DAY_MS },
      { quota: 'bytesPerDay', until: 5 + DAY_MS },
      { quota: 'bytesEach', until: null },
    ])
    expect(unknown.spent(9)).toBe(3)
    // The day is over: it is followed again, and nothing is said of it.
    expect([unknown.spentOf(one, 5 + DAY_MS), unknown.spent(5 + DAY_MS)]).toEqual([null, 1])
  })

  test('that was evicted stays out for a day, then for two', () => {
    const unknown = unknownOf()
    unknown.heard(one, 0)
    unknown.evicted(one, 0)
    expect(unknown.heard(one, EVICTED_MS - 1)).toBe(false)
    expect(unknown.heard(one, EVICTED_MS)).toBe(true)
    unknown.evicted(one, EVICTED_MS)
    expect(unknown.heard(one, 3 * EVICTED_MS - 1)).toBe(false)
    expect(unknown.heard(one, 3 * EVICTED_MS)).toBe(true)
  })

  test('of whom nothing comes gives its place back', () => {
    const unknown = unknownOf()
    unknown.heard(one, 0)
    unknown.heard(other, 0)
    unknown.stored(other, 1, 1, 1)
    expect(unknown.surplus(NOBODY, EMPTY_MS - 1)).toEqual([])
    expect(unknown.surplus(NOBODY, EMPTY_MS)).toEqual([one])
  })
})

describe('where there is no room', () => {
  test('those go first that spent their quota most often, then those that changed least recently', () => {
    const unknown = unknownOf()
    for (const id of [one, other, third]) unknown.heard(id, 0)
    unknown.stored(other, 1, 1, 10)
    unknown.stored(one, 1, 1, 20)
    unknown.stored(third, 10, 10, 30)
    unknown.heard(idOf(4), 40)
    unknown.stored(idOf(4), 1, 1, 40)
    expect(unknown.surplus(NOBODY, 40)).toEqual([third])
    unknown.evicted(third, 40)
    unknown.heard(idOf(5), 41)
    expect(unknown.surplus(NOBODY, 41)).toEqual([other])
  })

  test('those that are kept stay', () => {
    const unknown = unknownOf({ maxPublishers: 1 })
    unknown.heard(one, 0)
    unknown.stored(one, 1, 1, 0)
    unknown.heard(other, 1)
    unknown.stored(other, 1, 1, 1)
    expect(unknown.surplus(id => id === one, 1)).toEqual([other])
  })

  test('those go first that brought nothing in five minutes, however lately they were heard of', () => {
    const unknown = unknownOf()
    for (const id of [one, other]) unknown.heard(id, 0)
    for (const id of [one, other]) unknown.stored(id, 1, 1, 0)
    unknown.heard(third, 1)
    unknown.heard(idOf(4), EMPTY_IN_THE_WAY_MS)
    expect(unknown.surplus(NOBODY, EMPTY_IN_THE_WAY_MS)).toEqual([one])
    expect(unknown.surplus(NOBODY, EMPTY_IN_THE_WAY_MS + 1)).toEqual([third])
  })

  test('newcomers take a share of the places in a day: made-up publishers do not push out the others at once', () => {
    const maxPublishers = 10 * MIN_NEWCOMERS_A_DAY
    const unknown = unknownOf({ maxPublishers })
    for (let n = 0; n < maxPublishers; n++) expect(unknown.heard(idOf(n), 0)).toBe(true)
    const taken = Array.from({ length: 1_000 }, (_, n) => unknown.heard(idOf(10_000 + n), 1)).filter(Boolean)
    expect(taken).toHaveLength(MIN_NEWCOMERS_A_DAY)
    expect(unknown.heard(idOf(99_999), DAY_MS)).toBe(true)
  })
})

test('whatever comes, the bounds hold after evictions, none that is kept goes, and the sums are right', () => {
  const input = fc.oneof(
    fc.record({ do: fc.constant('hear' as const), id: fc.nat(20) }),
    fc.record({ do: fc.constant('store' as const), id: fc.nat(20), records: fc.nat(12), bytes: fc.nat(6_000) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(DAY_MS) }),
  )
  fc.assert(
    fc.property(fc.array(input, { maxLength: 100 }), fc.nat(20), (inputs, kept) => {
      const unknown = unknownOf()
      const isKept = (id: PublisherId) => id === idOf(kept)
      let now = 0
      for (const each of inputs) {
        if (each.do === 'wait') now += each.ms
        else if (each.do === 'hear') unknown.heard(idOf(each.id), now)
        else unknown.stored(idOf(each.id), each.records, each.bytes, now)
        const gone = unknown.surplus(isKept, now)
        expect(gone).not.toContain(idOf(kept))
        expect(gone.length).toBeLessThanOrEqual(MAX_EVICTIONS)
        for (const id of gone) unknown.evicted(id, now)
        const left = unknown.all()
        expect(unknown.bytes).toBe(left.reduce((sum, id) => sum + unknown.of(id)!.bytes, 0))
        expect(left.length).toBeLessThanOrEqual(QUOTA.maxPublishers)
        if (!left.some(isKept)) expect(unknown.bytes).toBeLessThanOrEqual(QUOTA.maxBytes)
      }
    }),
    { numRuns: 500 },
  )
})
