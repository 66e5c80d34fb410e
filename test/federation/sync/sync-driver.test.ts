import { expect, test } from 'vitest'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import type { FeedClient } from '../../../src/federation/sync/fetch-range.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { HEADS_TIMEOUT_MS } from '../../../src/federation/sync/limits.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  encodeHeads,
  encodeHeadsSinceEnd,
  HEADS_SINCE_FEATURE,
  headOf,
  MAX_ASKED_PUBLISHERS,
  type PeerId,
  parseFeedRequest,
  type SignatureCheck,
  verifySignatures,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { World } from '../simulation/world.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'
import { idOf } from './nobodys-ids.ts'

const MINUTE = 60_000
const peer = 'peer' as PeerId
const p = new Publisher('acme')
const chain = p.chain(4, null, 'a')

/** A node that follows one publisher and is connected to one peer that serves it, or to one made for the test. */
async function nodeOf(made?: FeedClient, verifyMs = 0) {
  const theirs = new MemoryFeedStore()
  await theirs.append([p.genesis, p.delegate, ...chain])
  const handler = new FeedHandler({ store: theirs, changes: new HeadChanges(), mayServeFeed: () => true })
  const mine = new MemoryFeedStore()
  const world = new World(1)
  const dropped: string[] = []
  const verifySlowly = async (checks: readonly SignatureCheck[]) => {
    if (verifyMs > 0) await new Promise<void>(resolve => world.after(verifyMs, resolve))
    verifySignatures(checks)
  }
  const intake = new Intake({
    net: 'main',
    store: mine,
    verify: rangeVerifier({ net: 'main', verifySignatures: verifySlowly }),
    onStored: () => {},
    isOwnFeed: () => false,
    onOwnFeed: () => {},
  })
  const sync = new SyncDriver({
    client: made ?? { request: (from, payload, { signal }) => handler.handle({ peer: from, payload, signal }) },
    intake,
    clock: world,
    random: world.random,
    dropPeer: (_, why) => dropped.push(why),
  })
  sync.follow([p.id])
  return { sync, mine, world, dropped, connect: () => sync.connected(peer, 'other') }
}

test('a store that fails costs the peer nothing, is not tried in a loop, and all comes once it works', async () => {
  const { sync, mine, world, dropped, connect } = await nodeOf()
  await using _ = sync
  const { append } = mine
  let tried = 0
  mine.append = async () => {
    tried++
    throw new Error('disk full')
  }
  connect()
  await world.runUntil(5 * MINUTE)
  expect(tried).toBeGreaterThan(2)
  expect(tried).toBeLessThan(30)
  mine.append = append
  await world.runUntil(7 * MINUTE)
  expect(mine.records.size).toBe(6)
  expect(dropped).toEqual([])
})

test('a peer that ends what it is asked is dropped in the end', async () => {
  const reset = () => Promise.reject(new Error('connection reset'))
  const ending: FeedClient = { request: () => ({ [Symbol.asyncIterator]: () => ({ next: reset }) }) }
  const { sync, world, dropped, connect } = await nodeOf(ending)
  await using _ = sync
  connect()
  await world.runUntil(10 * MINUTE)
  expect(dropped).toEqual(['unreliable'])
})

test('looks up no head of a publisher that it did not ask for', async () => {
  const stranger = new Publisher('stranger')
  const talking: FeedClient = {
    async *request() {
      yield* encodeHeads([headOf(stranger.genesis), headOf(p.genesis)])
    },
  }
  const { sync, mine, world, connect } = await nodeOf(talking)
  await using _ = sync
  const looked: string[] = []
  mine.envelope = async id => {
    looked.push(id)
    return null
  }
  connect()
  await world.runUntil(MINUTE)
  expect(new Set(looked)).toEqual(new Set([p.genesis.id]))
})

test('a node that takes long to verify what it was given blames nobody for it', async () => {
  const { sync, mine, world, dropped, connect } = await nodeOf(undefined, 2 * MINUTE)
  await using _ = sync
  connect()
  await world.runUntil(10 * MINUTE)
  expect(mine.records.size).toBe(6)
  expect([dropped, sync.sizes.struckPeers]).toEqual([[], 0])
})

test('a peer that answers each of many requests in time is not late, however many a round takes', async () => {
  const sinces: (number | null)[] = []
  const far: { world: World | null } = { world: null }
  const slow: FeedClient = {
    async *request(_, payload, { signal }) {
      signal.throwIfAborted()
      const ask = parseFeedRequest(payload)
      if (ask?.ask !== 'heads-since') return
      sinces.push(ask.since?.at ?? null)
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve())
      if (ask.since === null) resolve()
      else far.world!.after(HEADS_TIMEOUT_MS / 4, resolve)
      await promise
      yield encodeHeadsSinceEnd({ boot: 'b'.repeat(26), at: sinces.length, whole: ask.since === null })
    },
    features: async () => new Set([HEADS_SINCE_FEATURE]),
  }
  const { sync, world, dropped, connect } = await nodeOf(slow)
  await using _ = sync
  far.world = world
  const others = Array.from({ length: 9 * MAX_ASKED_PUBLISHERS }, (_, i) => idOf(i))
  sync.follow(others)
  connect()
  await new Promise(setImmediate) // before time passes
  await world.runUntil(5 * MINUTE)
  expect([dropped, sync.sizes.struckPeers]).toEqual([[], 0])
  // One after the other, rounds ask since the answer of the one before.
  expect(new Set(sinces).size).toBeGreaterThan(3)
})
