import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BUSY_MIRROR_MS, LATE_MS, SPARE_BYTES, SPARE_SHARE } from '../../../src/federation/content/limits.ts'
import {
  type ArtifactLayout,
  contentHandler,
  contentProtocolOf,
  type FetchOutcome,
  fetchArtifact,
  KeptStreams,
  MirrorMemory,
  type RequestHandler,
  type Tried,
} from '../../../src/federation/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'
import { duplexPair } from '../streams/duplex-pair.ts'
import { packageOf, Shelf, Store } from './shelf.ts'

const PROTOCOL = contentProtocolOf('test')
const ME = 'me' as PeerId
const SIZE = 300_000
const RTT_MS = 50

/** A line that passes one message after the other, at so many bytes/ms. */
class Line {
  readonly #clock: HandClock
  readonly #speed: number
  #freeMs = 0

  constructor(clock: HandClock, speed: number) {
    this.#clock = clock
    this.#speed = speed
  }

  async pass(bytes: number): Promise<void> {
    this.#freeMs = Math.max(this.#clock.now(), this.#freeMs) + bytes / this.#speed
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.after(this.#freeMs - this.#clock.now(), resolve)
    await promise
  }
}

interface Holder {
  /** bytes/ms. */
  readonly speed: number
  readonly shelf: Shelf
}

/** Holders behind a link of this node, in simulated time; what they sent is counted where it arrives. */
function holders(all: Record<string, Holder>, linkSpeed = 1e6) {
  const clock = new HandClock()
  const link = new Line(clock, linkSpeed)
  const sent: Record<string, number> = {}
  const slowed = (name: string, { speed, shelf }: Holder): RequestHandler => {
    const line = new Line(clock, speed)
    const serve = contentHandler(shelf, () => true)
    return async function* (request) {
      await new Line(clock, 1).pass(RTT_MS)
      for await (const message of serve(request)) {
        await line.pass(message.byteLength)
        await link.pass(message.byteLength)
        sent[name] = (sent[name] ?? 0) + message.byteLength
        yield message
      }
    }
  }
  const openStream = async (peer: PeerId) => {
    const server = new KeptStreams({ openStream: () => Promise.reject(new Error('none')), onOffence: () => {}, clock })
    server.handle(PROTOCOL, slowed(peer, all[peer]!))
    const [mine, theirs] = duplexPair()
    server.acceptStream(ME, PROTOCOL, theirs)
    return mine
  }
  const offences: PeerId[] = []
  const streams = new KeptStreams({ onOffence: peer => void offences.push(peer), openStream, clock })
  const mirrors = new MirrorMemory()
  const tried: Tried[] = []
  const asked: PeerId[] = []
  const request: KeptStreams['request'] = (peer, ...rest) => {
    asked.push(peer)
    return streams.request(peer, ...rest)
  }
  const ports = { streams: { request, reportOffence: streams.reportOffence.bind(streams) }, protocol: PROTOCOL }
  const context = { ...ports, clock, mirrors, onTried: (each: Tried) => void tried.push(each) }
  const fetch = async (
    wanted: ArtifactLayout,
    providers: Iterable<PeerId> | AsyncIterable<PeerId> = Object.keys(all) as PeerId[],
    { signal } = new AbortController(),
  ): Promise<FetchOutcome & { readonly ms: number }> => {
    const outcome = await fetchArtifact({ ...context, sink: new Store() }, wanted, providers, { signal })
    return { ...outcome, ms: clock.now() }
  }
  return { fetch, clock, mirrors, tried, asked, sent, offences }
}

/** Lets time pass, a timer after the other, until what is awaited is here. */
async function passing<T>(clock: HandClock, awaited: Promise<T>): Promise<T> {
  let isOver = false
  const over = awaited.finally(() => {
    isOver = true
  })
  over.catch(() => {}) // the caller hears of it
  while (!isOver) {
    for (let turn = 0; turn < 8; turn++) await setImmediate()
    if (!isOver) clock.passToNext()
  }
  return await over
}

/** Small packages on a shelf. */
async function stock(packages: number): Promise<{ shelf: Shelf; wanted: ArtifactLayout[] }> {
  const shelf = new Shelf()
  const wanted: ArtifactLayout[] = []
  for (let i = 0; i < packages; i++) wanted.push(await shelf.add(packageOf(SIZE + i)))
  return { shelf, wanted }
}

const total = (sent: Record<string, number>): number => Object.values(sent).reduce((sum, bytes) => sum + bytes, 0)

test('who is late is not waited for: another is asked beside it, and for a while before it, without blame', async () => {
  const { shelf, wanted } = await stock(1)
  const it = holders({ late: { speed: 0.1, shelf }, good: { speed: 8_000, shelf } })
  const { ms, ...outcome } = await passing(it.clock, it.fetch(wanted[0]!))
  expect(outcome).toMatchObject({ from: 'good', mirrors: [{ peer: 'good', bytes: SIZE }] })
  expect(ms).toBeGreaterThanOrEqual(LATE_MS)
  expect(ms).toBeLessThan(2 * LATE_MS)
  expect([it.tried, it.offences]).toEqual([[], []])
  const order = (now: number) => it.mirrors.bestFirst(['late', 'unknown'] as PeerId[], now, SIZE)
  expect(order(ms)).toEqual(['unknown', 'late'])
  expect(order(ms + BUSY_MIRROR_MS)).toEqual(['late', 'unknown'])
})

test('one that is asked for much is not late as long as it brings it quickly', async () => {
  const { shelf, wanted } = await stock(30)
  const it = holders({ first: { speed: 9_000, shelf }, other: { speed: 9_000, shelf } })
  const all = await passing(it.clock, Promise.all(wanted.map(each => it.fetch(each))))
  expect(Math.max(...all.map(({ ms }) => ms))).toBeGreaterThan(2 * LATE_MS)
  expect([...new Set(it.asked)]).toEqual(['first'])
})

test('thirty at once of which the first holder brings little come from another, in about the time that one needs', async () => {
  const { shelf, wanted } = await stock(30)
  const it = holders({ slow: { speed: 100, shelf }, good: { speed: 8_000, shelf } })
  const all = await passing(it.clock, Promise.all(wanted.map(each => it.fetch(each))))
  expect(all.filter(each => !('from' in each))).toEqual([])
  expect(Math.max(...all.map(({ ms }) => ms))).toBeLessThan(LATE_MS + (2 * 30 * SIZE) / 8_000)
  expect(total(it.sent)).toBeLessThan(30 * SIZE * 1.1)
})

test.each([300, 500, 1_000])(
  'over a link of %i kB/s in all no more than a bounded part comes twice, and nobody has failed',
  async speed => {
    const { shelf, wanted } = await stock(30)
    const others = Object.fromEntries(['a', 'b', 'c', 'd'].map(name => [name, { speed: 8_000, shelf }]))
    const it = holders(others, speed)
    const all = await passing(it.clock, Promise.all(wanted.map(each => it.fetch(each))))
    expect(all.filter(each => !('from' in each))).toEqual([])
    expect([it.tried, it.offences]).toEqual([[], []])
    expect(total(it.sent)).toBeLessThanOrEqual(30 * (SIZE + 30) * (1 + SPARE_SHARE) + SPARE_BYTES)
  },
)

test('who is asked beside a late one and lies is refused, and the late one brings it', async () => {
  const [{ shelf, wanted }, { shelf: altered }] = [await stock(1), await stock(1)]
  for (const id of altered.blocks.keys()) altered.alter(id)
  const it = holders({ late: { speed: 100, shelf }, liar: { speed: 8_000, shelf: altered } })
  expect(await passing(it.clock, it.fetch(wanted[0]!))).toMatchObject({ from: 'late' })
  expect([it.tried, it.offences]).toEqual([[{ peer: 'liar', why: 'altered' }], ['liar']])
})

test('three are asked for one leaf at a time, and who stays silent has failed', async () => {
  const { shelf, wanted } = await stock(1)
  const silent = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map(n => [`silent${n}`, { speed: 1e-6, shelf }]))
  const it = holders({ ...silent, good: { speed: 8_000, shelf } })
  const outcome = await passing(it.clock, it.fetch(wanted[0]!))
  expect(outcome).toMatchObject({ from: 'good' })
  expect(it.asked).toHaveLength(10)
  expect(it.tried.map(({ why }) => why)).toEqual(it.tried.map(() => 'E_FIRST_BYTE_LATE'))
  // Nine that each have three seconds would take 27 one after the other.
  expect(outcome.ms).toBeLessThan(20_000)
})

test('nothing is under way any more when a fetch has ended, also where a peer is found at that moment', async () => {
  const { shelf, wanted } = await stock(1)
  for (let turns = 0; turns < 16; turns++) {
    const it = holders({ found: { speed: 8_000, shelf } })
    const abort = new AbortController()
    const found = Promise.withResolvers<IteratorResult<PeerId>>()
    const providers = { [Symbol.asyncIterator]: () => ({ next: () => found.promise }) }
    const over = it.fetch(wanted[0]!, providers, abort).catch((error: unknown) => error)
    await setImmediate()
    abort.abort('enough')
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    found.resolve({ done: false, value: 'found' as PeerId })
    expect(await over).toBe('enough')
    for (let step = 0; step < 4; step++) {
      for (let turn = 0; turn < 8; turn++) await setImmediate()
      it.clock.pass(RTT_MS)
    }
    expect([turns, it.sent]).toEqual([turns, {}])
  }
})
