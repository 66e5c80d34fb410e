import { expect, test } from 'vitest'
import { type FeedClient, fetchRange } from '../../../src/federation/sync/fetch-range.ts'
import { failureOf } from '../../../src/federation/sync/from-peer.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { ownHeads } from '../../../src/federation/sync/own-heads.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  encodeFeedRequest,
  encodeRange,
  headOf,
  type PeerId,
  type PublisherId,
  parseHeads,
  parseRange,
  RANGE_ENOUGH_FEATURE,
  verifySignaturesOnPool,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

const peer = 'peer' as PeerId
const p = new Publisher('acme')
const chain = p.chain(4, null, 'a')
const signal = new AbortController().signal

async function pair(mayServe = true) {
  const theirs = new MemoryFeedStore()
  await theirs.append([p.genesis, p.delegate, ...chain])
  const mine = new MemoryFeedStore()
  const own: number[] = []
  const intake = new Intake({
    net: 'main',
    store: mine,
    verify: rangeVerifier({ net: 'main', verifySignatures: verifySignaturesOnPool }),
    onStored: () => {},
    isOwnFeed: (_, feed) => feed === p.feed,
    onOwnFeed: head => {
      own.push(head.seq)
    },
  })
  const handler = new FeedHandler({ store: theirs, changes: new HeadChanges(), mayServeFeed: () => mayServe })
  const client = { request: (from: PeerId, payload: Uint8Array) => handler.handle({ peer: from, payload, signal }) }
  return { theirs, mine, intake, handler, client, own }
}
const askFor = (record = chain[3]!) => ({ peer, head: headOf(record), from: null, pinned: false })

test('serves nothing of a feed that the gate closes, not even its heads', async () => {
  const { client, intake } = await pair(false)
  const parts: Uint8Array[] = []
  const asked = client.request(peer, encodeFeedRequest({ ask: 'heads', publishers: [p.id] }))
  for await (const part of asked) parts.push(part)
  expect(parts.flatMap(part => parseHeads(part))).toEqual([])
  expect(await fetchRange(client, intake, askFor(p.delegate), signal)).toEqual({ is: 'empty' })
})

test('a publisher whose heads cannot be read hides no other, and a cancelled request asks the store no more', async () => {
  const { theirs } = await pair()
  const broken = new Publisher('broken')
  const read: string[] = []
  const store = Object.assign(Object.create(theirs) as MemoryFeedStore, {
    heads: async (publisher: PublisherId) => {
      read.push(publisher)
      if (publisher === broken.id) throw new Error('damaged')
      return await theirs.heads(publisher)
    },
  })
  const handler = new FeedHandler({ store, changes: new HeadChanges(), mayServeFeed: () => true })
  const payload = encodeFeedRequest({ ask: 'heads', publishers: [broken.id, p.id] })
  const headsUnder = async (under: AbortSignal) => {
    const parts: Uint8Array[] = []
    for await (const part of handler.handle({ peer, payload, signal: under })) parts.push(part)
    return parts.flatMap(part => parseHeads(part))
  }
  expect(await headsUnder(signal)).toEqual(await theirs.heads(p.id))
  expect(read).toEqual([broken.id, p.id])
  expect(await headsUnder(AbortSignal.abort())).toEqual([])
  expect(read).toHaveLength(2)
})

test('takes a feed only after the root that delegates it', async () => {
  const { client, intake, mine } = await pair()
  expect(await fetchRange(client, intake, askFor(), signal)).toEqual({ is: 'undelegated' })
  expect(await fetchRange(client, intake, askFor(p.delegate), signal)).toEqual({ is: 'held', helped: true })
  expect(await fetchRange(client, intake, askFor(), signal)).toEqual({ is: 'held', helped: true })
  expect(mine.records.size).toBe(6)
})

test('refuses altered bytes and stores none of the range', async () => {
  const { client, intake, mine } = await pair()
  await intake.commit([p.genesis, p.delegate], peer)
  const altering = {
    async *request(from: PeerId, payload: Uint8Array) {
      for await (const part of client.request(from, payload)) {
        const altered = Uint8Array.from(part)
        altered[altered.length - 20]! ^= 1
        yield altered
      }
    },
  }
  expect(await fetchRange(altering, intake, askFor(), signal)).toEqual({ is: 'bad' })
  expect(mine.records.size).toBe(2)
})

test('says whose failure it was that nothing came', async () => {
  const { client, intake, mine } = await pair()
  const reset = () => Promise.reject(new Error('connection reset'))
  const lost: FeedClient = { request: () => ({ [Symbol.asyncIterator]: () => ({ next: reset }) }) }
  const failure = (from: FeedClient) => fetchRange(from, intake, askFor(p.delegate), signal).catch(failureOf)
  expect(await failure(lost)).toBe('failed')
  mine.append = async () => Promise.reject(new Error('disk full'))
  expect(await failure(client)).toBe('local')
})

test('says whether an answer helped, and whether it was but a drip', async () => {
  const { client, intake } = await pair()
  await intake.commit([p.genesis, p.delegate], peer)
  const dripping = {
    async *request(from: PeerId, payload: Uint8Array) {
      for await (const part of client.request(from, payload)) yield encodeRange(parseRange(part)!.slice(0, 1))
    },
  }
  const drip = { is: 'more', next: 2, bytes: chain[0]!.envelope.length, helped: true, short: true }
  expect(await fetchRange(dripping, intake, askFor(), signal)).toEqual(drip)
  expect(await fetchRange(dripping, intake, { ...askFor(), from: 1 }, signal)).toEqual({ ...drip, helped: false })
  await fetchRange(client, intake, askFor(), signal)
  expect(await fetchRange(client, intake, askFor(), signal)).toEqual({ is: 'held', helped: false })
})

test('blames no peer for a pinned head at a place where it is not', async () => {
  const { client, intake } = await pair()
  await intake.commit([p.genesis, p.delegate], peer)
  const misplaced = { ...askFor(), head: { ...headOf(chain[3]!), seq: 2 } }
  expect(await fetchRange(client, intake, misplaced, signal)).toEqual({ is: 'bad' })
  expect(await fetchRange(client, intake, { ...misplaced, pinned: true }, signal)).toEqual({ is: 'empty' })
})

test('does not let a stranger extend a root feed it does not own', async () => {
  const { intake } = await pair()
  await intake.commit([p.genesis], peer)
  const stranger = new Publisher('stranger')
  const usurped = stranger.usurp(p.genesis)
  expect((await intake.commit([usurped], peer)).refused).toMatchObject([{ why: 'usurped' }])
})

test('adopts its own longer chain before it writes', async () => {
  const { client, intake, mine, own } = await pair()
  await mine.append([p.genesis, p.delegate, chain[0]!])
  const { answered, adopted } = await ownHeads({
    client,
    intake,
    publisher: p.id,
    feeds: [p.feed],
    peers: [peer],
    signal,
  })
  expect([answered, adopted.map(head => head.seq), own]).toEqual([1, [4], [4]])
})

test('refuses to write when a peer holds another branch of the own feed', async () => {
  const { client, intake, mine } = await pair()
  await mine.append([p.genesis, p.delegate, chain[0]!, ...p.chain(1, chain[0]!, 'other')])
  const asked = ownHeads({ client, intake, publisher: p.id, feeds: [p.feed], peers: [peer], signal })
  await expect(asked).rejects.toMatchObject({ code: 'E_FEED_CLONED' })
})

test('notices a record of an own feed that it did not write', async () => {
  const { client, intake, own } = await pair()
  await intake.commit([p.genesis, p.delegate], peer)
  await fetchRange(client, intake, askFor(), signal)
  expect(own).toEqual([4])
})

test.each([
  [[RANGE_ENOUGH_FEATURE], 1],
  [[], 4],
])('a peer that knows %j is asked for as many bytes as are meant, and no other', async (features, stored) => {
  const { client, intake, mine } = await pair()
  await intake.commit([p.genesis, p.delegate], peer)
  const asking = { ...client, features: async () => new Set<string>(features) }
  await fetchRange(asking, intake, { ...askFor(), enoughBytes: 1 }, signal)
  expect((await mine.head(p.id, chain[0]!.feed))?.seq).toBe(stored)
})
