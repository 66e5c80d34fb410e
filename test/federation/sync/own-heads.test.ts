import { expect, test } from 'vitest'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { type OwnHeadsAsk, ownHeads } from '../../../src/federation/sync/own-heads.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  encodeHeads,
  headOf,
  type PeerId,
  parseFeedRequest,
  verifySignatures,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'
import { Publisher } from '../simulation/cast.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

const p = new Publisher('acme')
const strangers = Array.from({ length: 12 }, (_, i) => `stranger ${i}` as PeerId)
const friend = 'friend' as PeerId

/** As a stream does, which takes no request that is given up already. */
async function* whileWanted(answer: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted()
  yield* answer
}

/** A restored node that holds the root feed as it was at the backup, and what is asked of whom. */
async function restored(
  answers: (peer: PeerId, signal: AbortSignal) => AsyncIterable<Uint8Array> | null = () => null,
  held: { readonly theirs: readonly WellFormedRecord[]; readonly mine: readonly WellFormedRecord[] } = {
    theirs: [p.genesis, p.delegate],
    mine: [p.genesis],
  },
) {
  const theirs = new MemoryFeedStore()
  await theirs.append(held.theirs)
  const knowing = new FeedHandler({ store: theirs, changes: new HeadChanges(), mayServeFeed: () => true })
  const ignorant = new FeedHandler({
    store: new MemoryFeedStore(),
    changes: new HeadChanges(),
    mayServeFeed: () => true,
  })
  const mine = new MemoryFeedStore()
  await mine.append(held.mine)
  const intake = new Intake({
    net: 'main',
    store: mine,
    verify: rangeVerifier({ net: 'main', verifySignatures: async checks => verifySignatures(checks) }),
    onStored: () => {},
    isOwnFeed: () => false,
    onOwnFeed: () => {},
  })
  const asked: PeerId[] = []
  const client: OwnHeadsAsk['client'] = {
    request(peer, payload, { signal }) {
      if (parseFeedRequest(payload)?.ask === 'heads') asked.push(peer)
      const made = peer === friend ? null : answers(peer, signal)
      return whileWanted(made ?? (peer === friend ? knowing : ignorant).handle({ peer, payload, signal }), signal)
    },
  }
  const connected = new Set<(peer: PeerId) => void>()
  const coming = {
    expected: 3,
    onConnect: (listener: (peer: PeerId) => void) => {
      connected.add(listener)
      return () => connected.delete(listener)
    },
  }
  const ask = { client, intake, publisher: p.id, feeds: [], mustHear: true }
  return { ask, asked, coming, mine, connect: (peer: PeerId) => [...connected].map(tell => tell(peer)) }
}

test('asks on until a peer names the root feed, however many know nothing', async () => {
  const { ask, asked } = await restored()
  const found = await ownHeads({ ...ask, peers: [...strangers, friend] })
  expect([found.named, asked.length]).toEqual([1, strangers.length + 1])
})

test('waits for a peer that connects after three others answered that they know nothing', async () => {
  const { ask, coming, connect, mine } = await restored()
  await mine.append([p.delegate])
  const asking = ownHeads({ ...ask, peers: strangers.slice(0, 3), coming })
  for (let i = 0; i < 50; i++) await Promise.resolve()
  connect(friend)
  expect(await asking).toMatchObject({ answered: 4, named: 1 })
})

test('does not end at a peer that names a root nobody has', async () => {
  const liar = new Publisher('liar')
  const lie = { ...headOf(liar.delegate), publisher: p.id }
  const { ask, coming, connect, mine } = await restored(async function* () {
    yield* encodeHeads([lie])
  })
  await mine.append([p.delegate])
  const asking = ownHeads({ ...ask, peers: strangers.slice(0, 1), coming })
  for (let i = 0; i < 50; i++) await Promise.resolve()
  connect(friend)
  expect((await asking).named).toBe(1)
})

test('hears out who is asked already: a peer that knows an older root feed is not the last word', async () => {
  const { ask, mine } = await restored(async function* () {
    yield* encodeHeads([headOf(p.genesis)])
  })
  const found = await ownHeads({ ...ask, peers: [...strangers, friend] })
  expect(found).toMatchObject({ answered: strangers.length + 1, adopted: [headOf(p.delegate)] })
  expect(await mine.head(p.id, p.delegate.feed)).toEqual(headOf(p.delegate))
})

test('ends when its time is over though some peers never answer', async () => {
  const silent = async function* (): AsyncGenerator<Uint8Array> {
    await new Promise(() => {})
  }
  const { ask, asked, coming } = await restored(silent)
  const over = AbortSignal.timeout(20)
  expect(await ownHeads({ ...ask, peers: strangers, coming, signal: over })).toMatchObject({ answered: 0, named: 0 })
  expect(asked.length).toBe(strangers.length)
})

test('asks three at most where nobody must be heard', async () => {
  const { ask, asked } = await restored()
  expect(await ownHeads({ ...ask, mustHear: false, peers: [...strangers, friend] })).toMatchObject({
    answered: 3,
    named: 0,
  })
  expect(asked.length).toBe(3)
})

test('reads no more heads of one peer than any publisher has', async () => {
  let parts = 0
  const { ask } = await restored(async function* () {
    for (; ; parts++) yield* encodeHeads(Array.from({ length: 512 }, () => headOf(p.genesis)))
  })
  await ownHeads({ ...ask, peers: strangers.slice(0, 1) })
  expect(parts).toBeLessThan(8)
})

test('a peer that names the held root and a hundred heads of nothing takes no time from one that has more', async () => {
  const [first, second] = p.chain(2, null, 'written') as [WellFormedRecord, WellFormedRecord]
  const madeUp = p.chain(100, first, 'made up').map(headOf)
  const liar = strangers[0]!
  let turn = 0
  async function* lies(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (turn++ === 0) yield* encodeHeads([headOf(p.delegate), ...madeUp])
    else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const { ask, mine } = await restored((peer, signal) => (peer === liar ? lies(signal) : null), {
    theirs: [p.genesis, p.delegate, first, second],
    mine: [p.genesis, p.delegate, first],
  })
  const clock = new HandClock()
  const over = ownHeads({ ...ask, mustHear: false, clock, peers: [liar, friend] })
  let isOver = false
  over.finally(() => {
    isOver = true
  })
  while (!isOver) await clock.run()
  expect((await over).adopted.map(({ id }) => id)).toEqual([second.id])
  expect(await mine.envelope(second.id)).not.toBeNull()
})

test('a peer that names many heads and gives none is asked for the first alone', async () => {
  const [written] = p.chain(1, null, 'written') as [WellFormedRecord]
  const madeUp = p.chain(200, written, 'made up').map(headOf)
  let asked = 0
  async function* lies(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (asked++ === 0) yield* encodeHeads([headOf(p.genesis), headOf(p.delegate), ...madeUp])
    else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const { ask } = await restored((_, signal) => lies(signal), { theirs: [], mine: [p.genesis, p.delegate, written] })
  const clock = new HandClock()
  const found = ownHeads({ ...ask, mustHear: false, clock, peers: [strangers[0]!] })
  await clock.run()
  expect([(await found).adopted, asked]).toEqual([[], 2])
})

test('a peer that gives what no honest peer sends is told of', async () => {
  const [written] = p.chain(1, null, 'written') as [WellFormedRecord]
  const liar = strangers[0]!
  const caught: PeerId[] = []
  let asked = 0
  async function* lies(): AsyncGenerator<Uint8Array> {
    if (asked++ === 0) yield* encodeHeads([headOf(p.genesis), headOf(written)])
    else yield Uint8Array.of(0xff)
  }
  const { ask, mine } = await restored(peer => (peer === liar ? lies() : null), {
    theirs: [p.genesis, p.delegate, written],
    mine: [p.genesis, p.delegate],
  })
  await ownHeads({ ...ask, mustHear: false, peers: [liar, friend], onLie: peer => void caught.push(peer) })
  expect(caught).toEqual([liar])
  expect(await mine.envelope(written.id)).not.toBeNull()
})
