import { describe, expect, test } from 'vitest'
import { Publisher } from '../simulation/cast.ts'
import { overSharedLine } from './shared-line.ts'

const MIB = 1 << 20
/** Four publishers, 1.5 MB each: two ranges each beside the root's. */
const records = Array.from({ length: 4 }, (_, i) => new Publisher(`acme${i}`)).flatMap(publisher => [
  publisher.genesis,
  publisher.delegate,
  ...publisher.chain(1_500, null, 'x'),
])

describe('catch-up over a line of this node that is slow', () => {
  test.each([
    { bytesPerMs: 30, peers: 4, mostS: 260 },
    { bytesPerMs: 90, peers: 4, mostS: 100 },
    { bytesPerMs: 90, peers: 12, mostS: 100 },
    { bytesPerMs: 300, peers: 4, mostS: 30 },
  ])(
    'of $bytesPerMs kB/s brings all from $peers peers, hardly anything twice, and blames nobody',
    async ({ mostS, ...setting }) => {
      const { secondsUntilAll, drops, line, neededBytes, driver } = await overSharedLine({ ...setting, records })
      await using _ = driver
      expect(await secondsUntilAll(mostS)).toBeLessThan(mostS)
      expect(drops).toEqual([])
      expect(line.carriedBytes / neededBytes).toBeLessThan(1.2)
    },
  )

  test('brings the one feed that there is, once it showed, from one peer at a time', async () => {
    const one = records.slice(0, 1_502)
    const { secondsUntilAll, drops, line, neededBytes, driver } = await overSharedLine({
      peers: 4,
      bytesPerMs: 90,
      records: one,
    })
    await using _ = driver
    expect(await secondsUntilAll(45)).toBeLessThan(45)
    expect(drops).toEqual([])
    expect(line.carriedBytes).toBeLessThan(neededBytes + 1.2 * MIB)
  })
})

describe('on a quick line', () => {
  test.each([
    { how: 'stalls', bytesPerMs: 1e-6 },
    { how: 'brings a piece now and then', bytesPerMs: 2 },
    { how: 'is slower than the others by far', bytesPerMs: 30 },
  ])('a peer that $how is replaced after 5 s', async ({ bytesPerMs }) => {
    const setting = { peers: 4, bytesPerMs: 5_000, records, slowPeers: { p0: bytesPerMs } }
    const { secondsUntilAll, driver } = await overSharedLine(setting)
    await using _ = driver
    expect(await secondsUntilAll(60)).toBeLessThanOrEqual(7)
  })
})

describe('peers that are slow together on a quick line', () => {
  test('keep a quick one from nothing', async () => {
    const slow = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`p${i}`, 20]))
    const setting = { peers: 8, bytesPerMs: 5_000, records, slowPeers: slow }
    const { secondsUntilAll, driver } = await overSharedLine(setting)
    await using _ = driver
    expect(await secondsUntilAll(120)).toBeLessThanOrEqual(31)
  })

  test('keep one that comes later from nothing for long', async () => {
    const slow = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`p${i}`, 20]))
    const setting = { peers: 5, bytesPerMs: 5_000, records, slowPeers: slow, later: { p4: 20_000 } }
    const { secondsUntilAll, driver } = await overSharedLine(setting)
    await using _ = driver
    expect(await secondsUntilAll(120)).toBeLessThanOrEqual(40)
  })
})
