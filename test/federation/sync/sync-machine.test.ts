import { expect, test } from 'vitest'
import type { RangeOutcome, SyncEffect } from '../../../src/federation/sync/effects.ts'
import {
  ASSURED_WANTS_PER_PEER,
  FAILED_TOGETHER_MS,
  FIRST_RANGE_BYTES,
  LEAST_RANGE_BYTES,
  LOCAL_REST_MS,
  MAX_LOCAL_FAILURES,
  MAX_RANGES,
  MAX_STRIKES,
  MAX_WANTS,
  MAX_WANTS_PER_PEER,
  PEERS_A_FOLLOW,
  QUICK_RANGE_MS,
  RANGE_LATE_MS,
  RANGE_TIMEOUT_MS,
  ROUND_MS,
  STRIKE_AGE_MS,
} from '../../../src/federation/sync/limits.ts'
import { SyncMachine } from '../../../src/federation/sync/machine.ts'
import {
  type FeedHead,
  type FeedId,
  MAX_FEED_RANGE_BYTES,
  type PeerId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
} from '../../../src/protocol/index.ts'

const acme = 'acme' as PublisherId
const [honest, liar, other] = ['honest', 'liar', 'other'] as PeerId[] as [PeerId, PeerId, PeerId]
const headOf = (feed: string, seq = 1, id = `${feed} ${seq}`): FeedHead => ({
  publisher: acme,
  feed: feed as FeedId,
  seq,
  id: id as RecordId,
})
const root = headOf(ROOT_FEED, 2)
const feed = headOf('feed', 5)

type AskRange = Extract<SyncEffect, { do: 'askRange' }>

/** A machine that follows one publisher, and what it asks. */
class Bench {
  readonly machine = new SyncMachine(() => 0.5)
  now = 0
  readonly asks: AskRange[] = []
  readonly dropped: string[] = []

  constructor(...peers: PeerId[]) {
    this.see(this.machine.follow([acme], 0))
    for (const peer of peers) this.connect(peer)
  }

  see(effects: readonly SyncEffect[]): readonly SyncEffect[] {
    for (const effect of effects) {
      if (effect.do === 'askRange') this.asks.push(effect)
      if (effect.do === 'dropPeer') {
        this.dropped.push(`${effect.peer} ${effect.why}`)
        this.see(this.machine.disconnected(effect.peer, this.now))
      }
    }
    return effects
  }

  connect(peer: PeerId): void {
    this.see(this.machine.connected(peer, 'other', this.now))
  }

  offer(peer: PeerId, ...heads: FeedHead[]): void {
    const offers = heads.map(head => ({ head, pinned: false }))
    this.see(this.machine.offered(peer, null, offers, this.now))
  }

  /** Answers the oldest open ask for this head, of this peer if it is named. */
  answer(head: FeedHead, outcome: RangeOutcome, peer?: PeerId): readonly SyncEffect[] {
    const at = this.asks.findIndex(ask => ask.head.id === head.id && (peer === undefined || ask.peer === peer))
    const [ask] = this.asks.splice(at, 1)
    return this.see(this.machine.ranged(ask!.peer, ask!.ask, outcome, this.now))
  }

  wait(ms: number): readonly SyncEffect[] {
    this.now += ms
    return this.see(this.machine.wake(this.now))
  }

  /** What is asked for, and of whom. */
  get open(): string[] {
    return this.asks.map(({ head, peer }) => `${head.id} of ${peer}`)
  }
}

const held = { is: 'held', helped: true } as const

test('what is newly followed is asked of every peer, up to a bound, and not of the few whose turn it is', () => {
  const machine = new SyncMachine(() => 0.5)
  const peers = Array.from({ length: PEERS_A_FOLLOW + 8 }, (_, i) => `peer-${i}` as PeerId)
  for (const peer of peers.slice(0, 13)) machine.connected(peer, 'other', 0)
  const asked = (publisher: PublisherId) =>
    machine.follow([publisher], 0).flatMap(effect => (effect.do === 'askHeads' ? effect.peer : []))
  expect(asked(acme).toSorted()).toEqual(peers.slice(0, 13).toSorted())
  const crowded = new SyncMachine(() => 0.5)
  for (const peer of peers) crowded.connected(peer, 'other', 0)
  const many = crowded.follow([acme], 0).filter(effect => effect.do === 'askHeads')
  expect(new Set(many.map(({ peer }) => peer)).size).toBe(PEERS_A_FOLLOW)
})

test('asks a peer for the root first, and for the feeds it delegates then', () => {
  const bench = new Bench(honest)
  bench.offer(honest, feed, root)
  expect(bench.open).toEqual(['root 2 of honest'])
  bench.answer(root, held)
  expect(bench.open).toEqual(['feed 5 of honest'])
})

test('a root head that only another peer offers keeps no feed waiting', () => {
  const bench = new Bench(liar, honest)
  bench.offer(liar, headOf(ROOT_FEED, 1_000_000))
  bench.offer(honest, feed)
  expect(bench.open).toEqual(['root 1000000 of liar', 'feed 5 of honest'])
})

test('a root head that comes late keeps neither the other root heads nor the feeds of its publisher waiting', () => {
  const bench = new Bench(liar)
  bench.offer(liar, headOf(ROOT_FEED, 1_000_000))
  bench.connect(honest)
  bench.offer(honest, root, feed)
  expect(bench.open).toEqual(['root 1000000 of liar'])
  bench.wait(RANGE_LATE_MS)
  expect(bench.open).toEqual(['root 1000000 of liar', 'root 2 of honest', 'feed 5 of honest'])
})

test('a feed that no root record delegates waits for the next root record', () => {
  const bench = new Bench(honest, other)
  bench.offer(honest, feed)
  const asked = bench.answer(feed, { is: 'undelegated' })
  expect(asked).toContainEqual(expect.objectContaining({ do: 'askHeads', peer: honest, publishers: [acme] }))
  bench.offer(honest, feed)
  expect(bench.open).toEqual([])
  bench.offer(other, root)
  bench.answer(root, held)
  expect(bench.open).toEqual(['feed 5 of honest'])
})

test('one branch of a feed is fetched at a time, until one is late: then each peer is asked for one', () => {
  const bench = new Bench(liar)
  bench.offer(liar, headOf('feed', 1_000_000), headOf('feed', 1_000_001))
  bench.connect(honest)
  bench.offer(honest, feed)
  expect(bench.open).toEqual(['feed 1000001 of liar'])
  bench.wait(RANGE_LATE_MS)
  expect(bench.open).toEqual(['feed 1000001 of liar', 'feed 5 of honest'])
})

test('a head that one peer does not deliver is asked of another beside it, and one answer is enough', () => {
  const bench = new Bench(liar)
  bench.offer(liar, feed)
  bench.connect(honest)
  bench.offer(honest, feed)
  bench.wait(RANGE_LATE_MS)
  expect(bench.open).toEqual(['feed 5 of liar', 'feed 5 of honest'])
  expect(bench.answer(feed, held, honest)).toContainEqual({ do: 'cancel', ask: bench.asks[0]!.ask })
  expect(bench.wait(ROUND_MS).some(({ do: what }) => what === 'askRange')).toBe(false)
})

test('many liars of one feed cost a few waits, not one each', () => {
  const liars = Array.from({ length: 40 }, (_, n) => `liar ${n}` as PeerId)
  const bench = new Bench(...liars)
  for (const [n, peer] of liars.entries()) bench.offer(peer, headOf('feed', 1_000_000 + n))
  bench.connect(honest)
  bench.offer(honest, feed)
  for (let waits = 0; waits < 6; waits++) bench.wait(RANGE_LATE_MS)
  expect(bench.open).toContain('feed 5 of honest')
})

test('a chain given record by record keeps no other branch waiting', () => {
  const bench = new Bench(liar)
  bench.offer(liar, headOf('feed', 1_000_000))
  bench.connect(honest)
  bench.offer(honest, feed)
  bench.answer(headOf('feed', 1_000_000), { is: 'more', next: 2, bytes: 500, helped: true, short: true })
  expect(bench.open).toContain('feed 5 of honest')
})

test('a chain given record by record ends no range that others bring of it, a part that is full does', () => {
  const bench = new Bench(liar, honest)
  for (const peer of [liar, honest]) bench.offer(peer, feed)
  bench.wait(RANGE_LATE_MS)
  const drip = { is: 'more', next: 2, bytes: 500, helped: true, short: true } as const
  expect(bench.answer(feed, drip, liar)).not.toContainEqual(expect.objectContaining({ do: 'cancel' }))
  const [{ ask: again }] = bench.asks.filter(({ peer }) => peer === liar) as [AskRange]
  expect(bench.answer(feed, { ...drip, next: 4, short: false }, honest)).toContainEqual({ do: 'cancel', ask: again })
  expect(bench.asks.at(-1)).toMatchObject({ peer: honest, from: 4 })
})

test('a drip of what came before meanwhile asks for nothing twice', () => {
  const bench = new Bench(liar, other)
  for (const peer of [liar, other]) bench.offer(peer, feed)
  bench.wait(RANGE_LATE_MS)
  const drip = { is: 'more', next: 3, bytes: 500, helped: true, short: true } as const
  bench.answer(feed, drip, liar)
  bench.answer(feed, { ...drip, next: 2, helped: false }, other)
  expect(bench.asks.slice(-2).map(({ from }) => from)).toEqual([3, 3])
})

test('a true head at a false place is the want of the liar alone', () => {
  const bench = new Bench(liar)
  bench.offer(liar, headOf('feed', 1, 'feed 5'))
  bench.connect(honest)
  bench.offer(honest, feed)
  bench.wait(RANGE_LATE_MS)
  expect(bench.asks.map(({ peer, head }) => [peer, head.seq])).toEqual([
    [liar, 1],
    [honest, 5],
  ])
})

test('a peer that did not keep an offer comes after the others, whatever it claims', () => {
  const bench = new Bench(liar, honest, other)
  bench.offer(liar, headOf('x'))
  bench.answer(headOf('x'), { is: 'empty' })
  bench.offer(other, headOf('feed', 3))
  bench.offer(liar, headOf('feed', 1_000_000))
  bench.offer(honest, feed)
  bench.answer(headOf('feed', 3), held)
  expect(bench.open).toEqual(['feed 5 of honest'])
})

test('strikes outlast a redial, and time takes them away', () => {
  const bench = new Bench()
  const failOnce = () => {
    bench.connect(liar)
    bench.offer(liar, headOf('feed', 1_000 + bench.now))
    bench.answer(headOf('feed', 1_000 + bench.now), { is: 'empty' })
    bench.see(bench.machine.disconnected(liar, bench.now))
  }
  for (let n = 1; n < MAX_STRIKES; n++) failOnce()
  expect(bench.dropped).toEqual([])
  failOnce()
  expect(bench.dropped).toEqual(['liar unreliable'])
  bench.now += 2 * STRIKE_AGE_MS
  failOnce()
  expect(bench.dropped).toHaveLength(1)
  failOnce()
  expect(bench.dropped).toHaveLength(2)
})

test('a lost connection is one failure, however much was asked over it', () => {
  const bench = new Bench(honest)
  for (let n = 0; n < 20; n++) {
    bench.offer(honest, headOf(`feed ${n}`))
    bench.answer(headOf(`feed ${n}`), { is: 'failed' })
  }
  expect(bench.dropped).toEqual([])
  for (let n = 1; n < MAX_STRIKES; n++) {
    bench.now += FAILED_TOGETHER_MS
    bench.offer(honest, headOf(`feed ${n}`))
    bench.answer(headOf(`feed ${n}`), { is: 'failed' })
  }
  expect(bench.dropped).toEqual([]) // each also aged a little
  bench.now += FAILED_TOGETHER_MS
  bench.offer(honest, headOf('last'))
  bench.answer(headOf('last'), { is: 'failed' })
  expect(bench.dropped).toEqual(['honest unreliable'])
})

test('a failure of our own is no strike; after some nothing is fetched for a while', () => {
  const bench = new Bench(honest)
  for (let n = 0; n < MAX_LOCAL_FAILURES; n++) {
    bench.offer(honest, headOf(`feed ${n}`))
    expect(bench.open).toEqual([`feed ${n} 1 of honest`])
    bench.answer(headOf(`feed ${n}`), { is: 'local' })
  }
  for (let n = 0; n < 3 * MAX_STRIKES; n++) bench.offer(honest, headOf(`later ${n}`))
  expect(bench.open).toEqual([])
  expect(bench.wait(LOCAL_REST_MS - 1)).toContainEqual({ do: 'wakeAt', at: LOCAL_REST_MS })
  expect(bench.open).toEqual([])
  bench.wait(1)
  expect(bench.open).toHaveLength(2)
  bench.answer(bench.asks[0]!.head, { is: 'local' })
  expect(bench.open).toHaveLength(1) // and rests again at once
  expect(bench.dropped).toEqual([])
})

test('what could not be stored is tried again when it is offered again', () => {
  const bench = new Bench(honest)
  bench.offer(honest, feed)
  bench.answer(feed, { is: 'local' })
  expect(bench.open).toEqual([])
  bench.offer(honest, feed)
  expect(bench.open).toEqual(['feed 5 of honest'])
})

test('liars that offer without end leave room for what others offer', () => {
  const liars = Array.from({ length: 1 + MAX_WANTS / MAX_WANTS_PER_PEER }, (_, n) => `liar ${n}` as PeerId)
  const bench = new Bench(...liars)
  for (const peer of liars) bench.offer(peer, ...Array.from({ length: MAX_WANTS }, (_, n) => headOf(`${peer}'s ${n}`)))
  bench.asks.splice(0)
  bench.connect(honest)
  for (let n = 0; n < ASSURED_WANTS_PER_PEER; n++) {
    bench.offer(honest, headOf(`feed ${n}`))
    expect(bench.open).toContain(`feed ${n} 1 of honest`)
    bench.answer(headOf(`feed ${n}`), held)
  }
})

test('every connected peer is asked in its turn, though others redial all the time', () => {
  const peers = Array.from({ length: 9 }, (_, n) => `peer ${n}` as PeerId)
  const bench = new Bench(...peers)
  const asked = new Set<PeerId>()
  for (let round = 0; round < 3; round++) {
    bench.now += 1.2 * ROUND_MS
    for (let n = 0; n < 20; n++) {
      bench.machine.disconnected(`liar ${n}` as PeerId, bench.now)
      bench.connect(`liar ${n}` as PeerId)
    }
    for (const effect of bench.wait(1)) if (effect.do === 'askHeads') asked.add(effect.peer)
  }
  expect([...asked].sort()).toEqual(peers)
})

test('what was asked of a peer whose part ahead was a lie is asked of another at once', () => {
  const bench = new Bench(liar, honest)
  bench.offer(liar, root)
  bench.offer(honest, root)
  expect(bench.asks).toMatchObject([{ peer: liar, head: root }])
  const effects = bench.machine.lied(liar, 0)
  expect(effects).toContainEqual({ do: 'dropPeer', peer: liar, why: 'bad record' })
  expect(effects.filter(({ do: what }) => what === 'askRange')).toMatchObject([{ peer: honest, head: root }])
})

test('a lie of a peer that is not here changes nothing', () => {
  const { machine } = new Bench(honest)
  expect(machine.lied(liar, 0).map(effect => effect.do)).toEqual(['wakeAt'])
})

test('what is followed no more is not asked for any more, and no answer to it is held against the peer', () => {
  const bench = new Bench(honest)
  bench.offer(honest, root)
  const [ask] = bench.asks
  expect(bench.see(bench.machine.unfollow([acme], 1))).toContainEqual({ do: 'cancel', ask: ask!.ask })
  expect(bench.machine.sizes).toMatchObject({ asks: 1, rangesOfPeer: 0 }) // heads were asked for
  bench.answer(root, { is: 'apart', from: 1 })
  expect(bench.dropped).toEqual([])
})

test('a range whose publisher is just being forgotten is no fault of the peer, and is asked for when it is offered again', () => {
  const bench = new Bench(honest)
  for (let n = 0; n < MAX_LOCAL_FAILURES; n++) {
    bench.offer(honest, root)
    bench.answer(root, { is: 'forgotten' })
  }
  bench.offer(honest, root)
  expect(bench.open).toEqual(['root 2 of honest'])
  expect(bench.dropped).toEqual([])
})

test('of all peers together no more ranges are asked for than a bound, and one that is late keeps no place', () => {
  const bench = new Bench()
  const peers = Array.from({ length: MAX_RANGES + 10 }, (_, n) => `peer-${n}` as PeerId)
  for (const [n, peer] of peers.entries()) {
    bench.connect(peer)
    bench.offer(peer, headOf(`feed ${n}`), headOf(`other ${n}`))
  }
  expect(bench.open).toHaveLength(MAX_RANGES)
  bench.answer(bench.asks[0]!.head, held)
  expect(bench.open).toHaveLength(MAX_RANGES)
  bench.wait(RANGE_LATE_MS)
  expect(bench.open.length).toBeGreaterThan(MAX_RANGES)
})

test("the time in which this node verifies and stores a range is not the peer's, and the range keeps its place", () => {
  const bench = new Bench(honest, other)
  for (const peer of [honest, other]) bench.offer(peer, root)
  expect(bench.open).toHaveLength(1)
  bench.machine.arrived(bench.asks[0]!.ask)
  bench.wait(RANGE_LATE_MS)
  expect(bench.wait(RANGE_TIMEOUT_MS)).not.toContainEqual({ do: 'cancel', ask: bench.asks[0]!.ask })
  expect(bench.open).toHaveLength(1)
  bench.answer(root, held)
  expect(bench.machine.sizes.wants).toBe(0)
})

const part = (bytes: number) => ({ is: 'more', next: 2, bytes, helped: true, short: false }) as const

test('who brings full ranges quickly is asked for twice as much and for the rest, who is slow or late for less', () => {
  const bench = new Bench(honest)
  bench.offer(honest, headOf('feed', 9_000))
  const asked = () => bench.asks[0]!.enoughBytes
  const tip = headOf('feed', 9_000)
  expect(asked()).toBe(FIRST_RANGE_BYTES)
  bench.answer(tip, part(FIRST_RANGE_BYTES - 1))
  expect(asked()).toBe(FIRST_RANGE_BYTES)
  for (let bytes = FIRST_RANGE_BYTES; bytes < MAX_FEED_RANGE_BYTES; bytes *= 2) {
    expect(asked()).toBe(bytes)
    expect(bench.machine.arrived(bench.asks[0]!.ask)).toBe(bytes * 2)
    bench.answer(tip, part(bytes))
  }
  expect(asked()).toBe(MAX_FEED_RANGE_BYTES)
  bench.wait(QUICK_RANGE_MS)
  expect(bench.machine.arrived(bench.asks[0]!.ask)).toBe(0)
  bench.answer(tip, part(MAX_FEED_RANGE_BYTES))
  expect(asked()).toBe(MAX_FEED_RANGE_BYTES / 2)
  bench.wait(RANGE_LATE_MS)
  bench.answer(tip, part(MAX_FEED_RANGE_BYTES))
  expect(asked()).toBe(LEAST_RANGE_BYTES)
  expect(bench.dropped).toEqual([])
})

test('beside a slow range only peers are asked that are not known to be slow, twice as many each time', () => {
  const others = Array.from({ length: 7 }, (_, n) => `peer ${n}` as PeerId)
  const bench = new Bench(...others)
  const tip = headOf('feed', 9_000)
  for (const peer of others) bench.offer(peer, tip)
  expect(bench.open).toHaveLength(1)
  bench.wait(QUICK_RANGE_MS)
  expect(bench.open).toHaveLength(2)
  bench.wait(QUICK_RANGE_MS)
  expect(bench.open).toHaveLength(4)
  bench.answer(tip, part(FIRST_RANGE_BYTES), others[0])
  expect(bench.machine.sizes.pacedPeers).toBe(2)
})
