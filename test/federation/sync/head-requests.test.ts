import { expect, test } from 'vitest'
import { HeadRequests } from '../../../src/federation/sync/head-requests.ts'
import { HEADS_LOOKED_UP_AT_ONCE } from '../../../src/federation/sync/limits.ts'
import { type FeedHead, type FeedId, MAX_HEADS_IN_PART, type RecordId } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'

test('of a part of heads few are looked up in one turn, however many are held', async () => {
  const { id: publisher } = new Publisher('acme')
  const heads = Array.from(
    { length: MAX_HEADS_IN_PART },
    (_, n): FeedHead => ({ publisher, feed: `feed ${n}` as FeedId, seq: n + 1, id: `record ${n}` as RecordId }),
  )
  let [inTurn, most] = [0, 0]
  const requests = new HeadRequests({
    client: { request: async function* () {} },
    isHeld: async ({ seq }) => {
      most = Math.max(most, ++inTurn)
      await new Promise(setImmediate) // the disk
      inTurn = 0
      return seq % 2 === 0
    },
    isFollowed: () => true,
    named: () => {},
  })
  const offers = await requests.missing(heads, [publisher], {})
  expect(offers.map(({ head }) => head)).toEqual(heads.filter(({ seq }) => seq % 2 === 1))
  expect(most).toBeLessThanOrEqual(HEADS_LOOKED_UP_AT_ONCE)
})
