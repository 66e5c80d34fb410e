import { expect, test } from 'vitest'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { HeadLog } from '../../../src/federation/sync/head-log.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { ROUND_MS, WHOLE_HEADS_MS } from '../../../src/federation/sync/limits.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  type FeedRequest,
  HEADS_SINCE_FEATURE,
  MAX_ASKED_PUBLISHERS,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  verifySignatures,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { World } from '../simulation/world.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

const peer = 'peer' as PeerId
const p = new Publisher('acme')
const chain = p.chain(4, null, 'a')
const strangers = Array.from(
  { length: 600 },
  (_, n) =>
    `bafyrei${String(n)
      .replaceAll(/\d/g, d => 'abcdefghij'[+d]!)
      .padStart(52, 'z')}` as PublisherId,
)

/** A node that asks one peer; what it asks beside ranges and subscriptions, as words, and the bytes of the answers. */
async function nodeOf({ features = [HEADS_SINCE_FEATURE], follow = [p.id] as readonly PublisherId[] } = {}) {
  const world = new World(1)
  const theirs = new MemoryFeedStore()
  const mine = new MemoryFeedStore()
  const changes = new HeadChanges(new HeadLog(() => world.now()))
  const tell = async (records: typeof chain) => {
    await theirs.append(records)
    changes.stored(records)
  }
  await tell([p.genesis, p.delegate])
  const handler = new FeedHandler({
    ...{ store: theirs, changes, mayServeFeed: () => true },
    listed: { isListed: () => true, after: () => [] },
  })
  const asked: string[] = []
  const sync = new SyncDriver({
    client: {
      request(from, payload, { signal }) {
        const request = parseFeedRequest(payload)!
        const word = wordOf(request)
        if (word !== null) asked.push(word)
        return handler.handle({ peer: from, payload, signal })
      },
      features: async () => new Set(features),
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
    isListed: () => true,
  })
  sync.follow(follow)
  const takeAsked = () => asked.splice(0)
  /** What an event led to needs no time of this world. */
  const settled = async () => {
    for (let i = 0; i < 50; i++) await new Promise(setImmediate)
  }
  const runUntil = async (ms: number) => {
    await settled()
    await world.runUntil(ms)
    await settled()
  }
  return { runUntil, mine, tell, sync, takeAsked, connect: () => sync.connected(peer, 'other') }
}

function wordOf(request: FeedRequest): string | null {
  if (request.ask === 'heads') return `heads of ${request.publishers.length}`
  if (request.ask !== 'heads-since') return null
  const whose = request.all ? 'all' : String(request.publishers.length)
  return request.since === null ? `heads and a cookie of ${whose}` : `changes of ${whose}`
}

test('asks for whole heads once, for changes in each round, and for whole heads again after a while', async () => {
  const { runUntil, sync, connect, takeAsked } = await nodeOf()
  await using _ = sync
  connect()
  await runUntil(ROUND_MS / 2)
  // New root records may pin a branch: they are asked for again, beside the round.
  expect(takeAsked()).toEqual(['heads and a cookie of 1', 'heads of 1'])
  await runUntil(WHOLE_HEADS_MS - ROUND_MS)
  expect(new Set(takeAsked())).toEqual(new Set(['changes of 1']))
  await runUntil(WHOLE_HEADS_MS + 2 * ROUND_MS)
  expect(takeAsked()).toContain('heads and a cookie of 1')
})

test('a peer of the version before is asked for whole heads in each round', async () => {
  const { runUntil, sync, mine, connect, takeAsked, tell } = await nodeOf({ features: [] })
  await using _ = sync
  connect()
  await runUntil(5 * ROUND_MS)
  await tell(chain)
  await runUntil(7 * ROUND_MS)
  expect(new Set(takeAsked())).toEqual(new Set(['heads of 1']))
  expect(mine.records.size).toBe(6)
})

test('more publishers than a request names are asked for one request after the other, then as all', async () => {
  const { runUntil, sync, connect, takeAsked } = await nodeOf({ follow: [p.id, ...strangers] })
  await using _ = sync
  connect()
  await runUntil(ROUND_MS / 2)
  const rest = strangers.length + 1 - 2 * MAX_ASKED_PUBLISHERS
  const first = [
    `heads and a cookie of ${MAX_ASKED_PUBLISHERS}`,
    `heads of ${MAX_ASKED_PUBLISHERS}`,
    `heads of ${rest}`,
  ]
  expect(takeAsked().filter(word => word !== 'heads of 1')).toEqual(first)
  await runUntil(3 * ROUND_MS)
  expect(new Set(takeAsked())).toEqual(new Set(['changes of all']))
})

test('one followed later is asked for in whole, and changes go on', async () => {
  const { runUntil, sync, connect, takeAsked } = await nodeOf({ follow: [strangers[0]!] })
  await using _ = sync
  connect()
  await runUntil(3 * ROUND_MS)
  takeAsked()
  sync.follow([p.id])
  await runUntil(3 * ROUND_MS + 1)
  expect(takeAsked()).toContain('heads of 1')
  await runUntil(4 * ROUND_MS + 1)
  takeAsked()
  await runUntil(6 * ROUND_MS)
  expect(new Set(takeAsked())).toEqual(new Set(['changes of 2']))
})

test('what was told and could not be stored is told again', async () => {
  const { runUntil, sync, mine, connect, tell } = await nodeOf()
  await using _ = sync
  connect()
  await runUntil(2 * ROUND_MS)
  const { append } = mine
  mine.append = async () => {
    throw new Error('disk full')
  }
  await tell(chain)
  await runUntil(5 * ROUND_MS)
  expect(mine.records.size).toBe(2)
  mine.append = append
  await runUntil(8 * ROUND_MS)
  expect(mine.records.size).toBe(6)
})

test('a connection that breaks costs no whole exchange when all that was told is held', async () => {
  const { runUntil, sync, mine, connect, tell, takeAsked } = await nodeOf()
  await using _ = sync
  connect()
  await runUntil(2 * ROUND_MS)
  sync.disconnected(peer)
  await tell(chain)
  takeAsked()
  connect()
  await runUntil(2 * ROUND_MS + 1)
  expect(takeAsked()).toEqual(['changes of 1'])
  await runUntil(3 * ROUND_MS)
  expect(mine.records.size).toBe(6)
})

test('an answer that tells nothing confirms nothing: a peer replaced by one of the version before', async () => {
  const features = [HEADS_SINCE_FEATURE]
  const { runUntil, sync, connect } = await nodeOf({ features })
  await using _ = sync
  connect()
  await runUntil(1.5 * ROUND_MS)
  expect(sync.confirmed(p.id).ageMs).toBe(0.5 * ROUND_MS)
  features.pop()
  await runUntil(2.5 * ROUND_MS)
  expect(sync.confirmed(p.id).ageMs).toBe(1.5 * ROUND_MS)
  await runUntil(3.5 * ROUND_MS)
  expect(sync.confirmed(p.id).ageMs).toBe(0.5 * ROUND_MS)
})

test('what comes of a publisher that is followed no more is not remembered', async () => {
  const { runUntil, sync, connect } = await nodeOf()
  await using _ = sync
  connect()
  sync.unfollow(p.id)
  await runUntil(1)
  sync.follow([strangers[0]!])
  await runUntil(2 * ROUND_MS)
  expect(sync.confirmed(p.id)).toEqual({ ageMs: null, isMissing: false })
})
