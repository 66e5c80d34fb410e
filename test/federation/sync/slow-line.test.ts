import { describe, expect, test } from 'vitest'
import type { WellFormedRecord } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { overSharedLine, type SlowPeer } from './shared-line.ts'

const QUICK_LINE = 5_000
/** A feed of 1.5 MB. */
const one = recordsOf('acme', 1_500)
const four = Array.from({ length: 4 }, (_, i) => recordsOf(`acme${i}`, 1_500)).flat()
const manySmall = Array.from({ length: 200 }, (_, i) => recordsOf(`small${i}`, 30)).flat()

function recordsOf(name: string, count: number): WellFormedRecord[] {
  const publisher = new Publisher(name)
  return [publisher.genesis, publisher.delegate, ...publisher.chain(count, null, 'x')]
}

/** So many slow peers, and one that is quick. */
function beside(count: number, slow: SlowPeer, records: readonly WellFormedRecord[]) {
  const slowPeers = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, slow]))
  return { peers: count + 1, bytesPerMs: QUICK_LINE, records, slowPeers }
}

describe('catch-up over a line of this node that is slow', () => {
  test.each([
    { bytesPerMs: 30, peers: 4, mostS: 230, mostShare: 1.1 },
    { bytesPerMs: 90, peers: 4, mostS: 75, mostShare: 1.05 },
    { bytesPerMs: 90, peers: 12, mostS: 95, mostShare: 1.35 },
    { bytesPerMs: 90, peers: 40, mostS: 135, mostShare: 1.95 },
    { bytesPerMs: 300, peers: 4, mostS: 25, mostShare: 1.05 },
  ])('of $bytesPerMs kB/s brings 6 MB from $peers peers in $mostS s and drops nobody', async setting => {
    const { secondsUntilAll, drops, line, neededBytes, driver } = await overSharedLine({ ...setting, records: four })
    await using _ = driver
    expect(await secondsUntilAll(setting.mostS)).toBeLessThan(setting.mostS)
    expect(drops).toEqual([])
    expect(line.carriedBytes / neededBytes).toBeLessThan(setting.mostShare)
  })

  test.each([20, 30])('brings all of a feed from the one peer that holds it, at %i kB/s', async bytesPerMs => {
    const { secondsUntilAll, drops, driver } = await overSharedLine({ peers: 1, bytesPerMs, records: one })
    await using _ = driver
    expect(await secondsUntilAll(90)).toBeLessThan(1_600 / bytesPerMs)
    expect(drops).toEqual([])
  })
})

describe('beside a quick peer', () => {
  const tricklers = [
    { bytesPerMs: 20, brings: 'records' },
    { bytesPerMs: 1, brings: 'records' },
    { bytesPerMs: 20, brings: 'junk' },
    { bytesPerMs: 1, brings: 'nothing' },
  ] as const
  const cases = [10, 40].flatMap(count => tricklers.map(slow => ({ count, ...slow })))

  test.each(cases)(
    '$count that trickle $brings at $bytesPerMs kB/s keep 200 small feeds from nothing for long',
    async ({ count, ...slow }) => {
      const { secondsUntilAll, driver } = await overSharedLine(beside(count, slow, manySmall))
      await using _ = driver
      expect(await secondsUntilAll(60)).toBeLessThanOrEqual(9)
    },
  )

  test.each(cases)(
    '$count that trickle $brings at $bytesPerMs kB/s keep one record from nothing for long',
    async ({ count, ...slow }) => {
      const { secondsUntilAll, driver } = await overSharedLine(beside(count, slow, recordsOf('solo', 1)))
      await using _ = driver
      expect(await secondsUntilAll(60)).toBeLessThanOrEqual(36)
    },
  )

  test.each([10, 40].flatMap(count => [20, 40, 100, 250].map(bytesPerMs => ({ count, bytesPerMs }))))(
    '$count that bring $bytesPerMs kB/s keep none of a long feed for long',
    async ({ count, bytesPerMs }) => {
      const { secondsUntilAll, driver } = await overSharedLine(beside(count, { bytesPerMs, brings: 'records' }, one))
      await using _ = driver
      expect(await secondsUntilAll(60)).toBeLessThanOrEqual(22)
    },
  )

  test.each([10, 40])('%i that bring half of what is asked for, always in time, do not go on with it', async count => {
    const { secondsUntilAll, driver } = await overSharedLine(beside(count, { bytesPerMs: 20, brings: 'half' }, one))
    await using _ = driver
    expect(await secondsUntilAll(60)).toBeLessThanOrEqual(9)
  })

  test.each(['records', 'nothing'] as const)('one that stalls and brought %s is replaced', async brings => {
    const { secondsUntilAll, driver } = await overSharedLine(beside(1, { bytesPerMs: 1e-6, brings }, four))
    await using _ = driver
    expect(await secondsUntilAll(60)).toBeLessThanOrEqual(11)
  })
})
