import { expect, test } from 'vitest'
import { FollowEverything } from '../../../src/node/unknown/follow-everything.ts'
import { APPLY_MS, APPLY_SOON_MS } from '../../../src/node/unknown/limits.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'

const QUOTA = { recordsPerDay: 10, bytesPerDay: 1_000, bytesEach: 5_000, maxPublishers: 3, maxBytes: 10_000 }
const [one, other, third] = ['one', 'other', 'third'] as unknown as [PublisherId, PublisherId, PublisherId]

/** A node that follows everything, and what is followed of sync, change by change. */
async function followed() {
  const clock = new TestClock()
  const changes: [readonly PublisherId[], readonly PublisherId[]][] = []
  const everything = await FollowEverything.open({
    ...{ quota: QUOTA, clock, now: () => clock.now() },
    book: { read: async () => ({ standings: [], evicted: [] }), write: async () => {} },
    isOn: () => true,
    isKnown: () => false,
    isKept: () => false,
    heldPublishers: () => [],
    sizeOf: async () => ({ records: 0, bytes: 0 }),
    apply: (follow, unfollow) => changes.push([follow, unfollow]),
    remove: async () => {},
    onFault: (_message, cause) => {
      throw cause
    },
  })
  return { clock, changes, everything }
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
