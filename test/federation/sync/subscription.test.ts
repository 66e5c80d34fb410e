import { expect, test } from 'vitest'
import { AnswerCredit } from '../../../src/federation/streams/answer-credit.ts'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import type { SyncEffect } from '../../../src/federation/sync/effects.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import {
  LONGEST_HEADS_BYTES,
  NEWS_RATE,
  ROUND_MS,
  SUBSCRIPTION_CREDIT_BYTES,
} from '../../../src/federation/sync/limits.ts'
import { SyncMachine } from '../../../src/federation/sync/machine.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  encodeHeads,
  headOf,
  MAX_HEADS_IN_PART,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  verifySignatures,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { World } from '../simulation/world.ts'
import { TestClock } from '../streams/duplex-pair.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

const [one, other] = ['one', 'other'] as PeerId[] as [PeerId, PeerId]
const p = new Publisher('acme')
const subscribed = (effects: readonly SyncEffect[]) =>
  effects.flatMap(effect => (effect.do === 'subscribe' ? effect.peer : []))

test('the credit of a subscription holds the longest part of heads', async () => {
  const head = { publisher: p.id, feed: p.feed, seq: Number.MAX_SAFE_INTEGER, id: p.genesis.id }
  const [part] = encodeHeads(Array.from({ length: MAX_HEADS_IN_PART }, () => head))
  const clock = { now: () => 0, after: () => () => {} }
  const credit = new AnswerCredit(SUBSCRIPTION_CREDIT_BYTES, clock)
  await expect(credit.spend(part!.length)).resolves.toBeUndefined()
  expect(part!.length).toBeLessThanOrEqual(LONGEST_HEADS_BYTES)
})

test('the machine opens a subscription that ended again with the next round, once', () => {
  const machine = new SyncMachine(() => 0.5)
  machine.follow(['acme' as PublisherId], 0)
  for (const peer of [one, other]) expect(subscribed(machine.connected(peer, 'other', 0))).toEqual([peer])
  machine.unsubscribed(one)
  expect(subscribed(machine.wake(ROUND_MS / 2))).toEqual([])
  expect(subscribed(machine.wake(ROUND_MS))).toEqual([one])
  expect(subscribed(machine.wake(2 * ROUND_MS))).toEqual([])
})

test('the machine forgets the subscription of a peer that left', () => {
  const machine = new SyncMachine(() => 0.5)
  machine.follow(['acme' as PublisherId], 0)
  machine.connected(one, 'other', 0)
  machine.disconnected(one, 1)
  machine.unsubscribed(one)
  expect(subscribed(machine.wake(2 * ROUND_MS))).toEqual([])
})

for (const [how, end] of [
  ['with an error', () => Promise.reject(new Error('E_TOO_LARGE'))],
  ['without a word', async () => {}],
] as const)
  test(`a subscription that the peer ended ${how} is there again after a round, and its news with it`, async () => {
    const mine = new MemoryFeedStore()
    await mine.append([p.genesis])
    const world = new World(1)
    let subscriptions = 0
    const looked: string[] = []
    const { envelope } = mine
    mine.envelope = id => {
      looked.push(id)
      return envelope.call(mine, id)
    }
    await using sync = new SyncDriver({
      client: {
        async *request(_, payload, { signal }) {
          if (parseFeedRequest(payload)?.ask !== 'subscribe') return
          if (++subscriptions === 1) return await end()
          yield* encodeHeads([headOf(p.genesis)])
          await new Promise(resolve => signal.addEventListener('abort', resolve))
        },
      },
      intake: new Intake({
        net: 'main',
        store: mine,
        verify: rangeVerifier({ net: 'main', verifySignatures: async checks => verifySignatures(checks) }),
        onStored: () => {},
        isOwnFeed: () => false,
        onOwnFeed: () => {},
      }),
      clock: world,
      random: () => 0.5,
      dropPeer: () => {},
    })
    sync.follow([p.id])
    sync.connected(one, 'other')
    await world.runUntil(ROUND_MS / 2)
    expect([subscriptions, looked]).toEqual([1, []])
    await world.runUntil(5 * ROUND_MS)
    expect([subscriptions, looked]).toEqual([2, [p.genesis.id]])
  })

test('of what a peer tells without end no more is read than its budget has', async () => {
  const clock = new TestClock()
  const [part] = encodeHeads(Array.from({ length: MAX_HEADS_IN_PART }, () => headOf(p.genesis)))
  let told = 0
  await using sync = new SyncDriver({
    client: {
      async *request(_, payload, { signal }) {
        if (parseFeedRequest(payload)?.ask !== 'subscribe')
          return await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
        for (; told < 1_000; told++) yield part!
      },
    },
    intake: new Intake({
      net: 'main',
      store: new MemoryFeedStore(),
      verify: rangeVerifier({ net: 'main', verifySignatures: async checks => verifySignatures(checks) }),
      onStored: () => {},
      isOwnFeed: () => false,
      onOwnFeed: () => {},
    }),
    clock,
    random: () => 0.5,
    dropPeer: () => {},
  })
  sync.follow([p.id])
  sync.connected(one, 'other')
  await clock.pass(10_000)
  const most = (NEWS_RATE.burst + 10 * NEWS_RATE.perSecond) / part!.length
  expect(told).toBeGreaterThan(most - 3)
  expect(told).toBeLessThanOrEqual(most + 1)
})
