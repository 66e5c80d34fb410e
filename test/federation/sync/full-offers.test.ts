import { expect, test } from 'vitest'
import type { RangeOutcome, SyncEffect } from '../../../src/federation/sync/effects.ts'
import { MAX_WANTS_PER_PEER } from '../../../src/federation/sync/limits.ts'
import { SyncMachine } from '../../../src/federation/sync/machine.ts'
import {
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
} from '../../../src/protocol/index.ts'

const peer = 'peer' as PeerId
const FEEDS = [ROOT_FEED, 'one', 'two'] as FeedId[]
const publishers = Array.from({ length: 2_000 }, (_, n) => `publisher-${n}` as PublisherId)
const held: RangeOutcome = { is: 'held', helped: true }

/** A peer with three feeds of each publisher, that answers at once; which ranges it was asked for, and how often for heads. */
function join(outcomeOf: (head: FeedHead) => RangeOutcome) {
  const machine = new SyncMachine(() => 0.5)
  const fetched = new Set<RecordId>()
  let asksForHeads = 0
  let most = 0
  const run = (effects: readonly SyncEffect[]) => {
    const queue = [...effects]
    for (const effect of queue) {
      if (effect.do === 'askHeads') {
        asksForHeads++
        const heads = effect.publishers
          .flatMap(publisher =>
            FEEDS.map(feed => ({ publisher, feed, seq: 1, id: `${publisher}/${feed}` as RecordId })),
          )
          .filter(({ id }) => !fetched.has(id))
        const offers = heads.map(head => ({ head, pinned: false }))
        queue.push(...machine.offered(peer, effect.ask, offers, 0, { cookie: null, isOver: false, isCut: false }))
        most = Math.max(most, machine.sizes.wantsOfPeer)
      } else if (effect.do === 'askRange') {
        const outcome = outcomeOf(effect.head)
        if (outcome.is === 'held') fetched.add(effect.head.id)
        queue.push(...machine.ranged(peer, effect.ask, outcome, 0))
      }
    }
  }
  run(machine.follow(publishers, 0))
  run(machine.connected(peer, 'other', 0))
  return { fetched: fetched.size, asksForHeads, most }
}

test('a peer that has more than may be wanted of it is asked on as that is fetched, and not a round later', () => {
  const { fetched, most } = join(() => held)
  expect([fetched, most]).toEqual([publishers.length * FEEDS.length, MAX_WANTS_PER_PEER])
})

test('of a peer that delivers nothing of what it offers, no more is asked before the next round', () => {
  const { fetched, asksForHeads } = join(() => ({ is: 'local' }))
  expect(fetched).toBe(0)
  expect(asksForHeads).toBeLessThan(10)
})
