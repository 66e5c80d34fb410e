import { expect, test } from 'vitest'
import { FollowEverything } from '../../../src/node/unknown/follow-everything.ts'
import { APPLY_MS, APPLY_SOON_MS, MAX_EVICTIONS } from '../../../src/node/unknown/limits.ts'
import type { PublisherId, WellFormedRecord } from '../../../src/protocol/index.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'

const QUOTA = { recordsPerDay: 10, bytesPerDay: 1_000, bytesEach: 5_000, maxPublishers: 3, maxBytes: 10_000 }
const [one, other, third] = ['one', 'other', 'third'] as unknown as [PublisherId, PublisherId, PublisherId]

/** A node that follows everything, and what is followed of sync, change by change; `world` is what its operator decided and its disk does. */
async function followed() {
  const clock = new TestClock()
  const changes: [readonly PublisherId[], readonly PublisherId[]][] = []
  const world = {
    ...{ isOn: true, known: new Set<PublisherId>(), kept: new Set<PublisherId>(), held: [] as PublisherId[] },
    removed: [] as PublisherId[],
    /** How often it was asked whether a publisher is kept. */
    asked: 0,
    /** Called with each publisher that is being removed. */
    onRemove: (_publisher: PublisherId) => {},
    evicted: [] as [PublisherId, { readonly until: number; readonly times: number }][],
    isDiskFull: false,
    noted: [] as PublisherId[],
    faults: [] as string[],
  }
  const write = async (changed: readonly PublisherId[]) => {
    if (world.isDiskFull) throw new Error('no room')
    world.noted.push(...changed)
  }
  const open = () =>
    FollowEverything.open({
      ...{ quota: QUOTA, clock, now: () => clock.now() },
      book: { read: async () => ({ standings: [], evicted: world.evicted }), write },
      isOn: () => world.isOn,
      isKnown: id => world.known.has(id),
      isKept: id => {
        world.asked++
        return world.kept.has(id)
      },
      heldPublishers: () => world.held,
      sizeOf: async () => ({ records: 1, bytes: 100 }),
      apply: (follow, unfollow) => changes.push([follow, unfollow]),
      remove: async publisher => {
        world.removed.push(publisher)
        world.onRemove(publisher)
      },
      onFault: (message, cause) => {
        if (!world.isDiskFull) throw cause
        world.faults.push(message)
      },
    })
  return { clock, changes, world, open, everything: await open() }
}

test('the first newcomers after a rest are followed soon, together, and those after them with the next change', async () => {
  const { clock, changes, everything } = await followed()
  await using _ = everything
  everything.heard([one])
  await clock.pass(APPLY_SOON_MS - 1)
  everything.heard([other])
  expect(changes).toEqual([])
  await clock.pass(1)
  expect(changes).toEqual([[[one, other], []]])
  everything.heard([third])
  await clock.pass(APPLY_MS - 1)
  expect(changes).toHaveLength(1)
  await clock.pass(1)
  expect(changes.slice(1)).toEqual([[[third], []]])
})

const six = ['a', 'b', 'c', 'd', 'e', 'f'] as unknown as PublisherId[]

test('whom the operator follows or installs from while others are removed is not removed', async () => {
  const { world, everything, clock } = await followed()
  await using _ = everything
  world.held = six
  world.onRemove = () => {
    world.known.add(six[1]!)
    world.kept.add(six[2]!)
  }
  await clock.pass(APPLY_MS)
  expect(world.removed).toEqual([six[0]])
})

test('records of an evicted publisher stay that came back and are of one followed meanwhile', async () => {
  const { world, open } = await followed()
  world.evicted = six.slice(0, 2).map(id => [id, { until: 1e9, times: 1 }])
  world.held = six.slice(0, 2)
  world.onRemove = () => world.known.add(six[1]!)
  await using everything = await open()
  await everything.settle()
  expect(world.removed).toEqual([six[0]])
})

test('who follows everything again while it is being given up loses no more, and nobody stays out for it', async () => {
  const { world, everything } = await followed()
  await using _ = everything
  everything.heard([one, other, third])
  world.isOn = false
  world.onRemove = () => {
    world.isOn = true
  }
  await everything.settle()
  expect(world.removed).toEqual([one])
  everything.heard([one])
  expect(everything.isUnknown(one)).toBe(true)
})

test('who spent its quota is followed no more at once, not when all is settled next', async () => {
  const { world, everything, changes } = await followed()
  await using _ = everything
  const records = (publisher: PublisherId) =>
    Array.from({ length: 500 }, () => ({ publisher, envelope: new Uint8Array(1) }) as WellFormedRecord)
  everything.heard([one, other])
  await everything.settle()
  everything.stored(records(one))
  expect([everything.isFollowed(one), everything.isFollowed(other)]).toEqual([false, true])
  expect(changes.slice(1)).toEqual([[[], [one]]])
  expect([everything.spentOf(one)?.quota, everything.spentOf(other)]).toEqual(['recordsPerDay', null])
  expect(everything.sums().spent).toBe(1)
  world.known.add(other)
  everything.stored(records(other))
  expect(everything.spentOf(other)).toBe(null)
  expect(changes).toHaveLength(2)
})

test('who gives up everything asks of no more publishers whether they stay than are removed at once', async () => {
  const { world, everything, clock } = await followed()
  await using _ = everything
  world.held = Array.from({ length: 4 * MAX_EVICTIONS }, (_, i) => `held${i}` as PublisherId)
  await clock.pass(APPLY_MS)
  expect(world.removed).toHaveLength(MAX_EVICTIONS)
  world.isOn = false
  world.asked = 0
  await everything.settle()
  expect(world.removed).toHaveLength(2 * MAX_EVICTIONS)
  // Each before the first removal, and again right before its own.
  expect(world.asked).toBe(2 * MAX_EVICTIONS)
})

test('what could not be noted while the disk was full is noted with the next change', async () => {
  const { world, everything } = await followed()
  await using _ = everything
  world.isDiskFull = true
  everything.heard([one])
  await everything.settle()
  expect([world.noted, world.faults]).toEqual([[], ['unknown publishers could not be looked through']])
  world.isDiskFull = false
  everything.heard([other])
  await everything.settle()
  expect(world.noted.toSorted()).toEqual([one, other])
})
