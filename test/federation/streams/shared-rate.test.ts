import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SharedRate } from '../../../src/federation/streams/shared-rate.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { settled, TestClock } from './duplex-pair.ts'

const RATE = 1_000_000
const SLICE = 256 << 10
const LIVE = new AbortController().signal

/** A link of 1 MB/s and what passed it, by peer and protocol. */
function world() {
  const clock = new TestClock()
  const rate = new SharedRate({ bytesPerSecond: RATE, isBulk: protocol => protocol === 'content', clock })
  const passed: { readonly peer: string; readonly protocol: string; readonly bytes: number; readonly atMs: number }[] =
    []
  const send = async (peer: string, protocol: string, bytes: number, signal = LIVE) => {
    await rate.take(peer as PeerId, protocol, bytes, signal)
    passed.push({ peer, protocol, bytes, atMs: clock.now() })
  }
  /** One message after the other, as one request sends them. */
  const flow = async (peer: string, protocol: string, count: number, bytes = SLICE) => {
    for (let n = 0; n < count; n++) await send(peer, protocol, bytes)
  }
  const bytesOf = (is: (one: (typeof passed)[number]) => boolean) =>
    passed.filter(is).reduce((sum, { bytes }) => sum + bytes, 0)
  return { clock, rate, passed, send, flow, bytesOf }
}

test('over any time no more passes than the cap, a burst and what was let go ahead', async () => {
  const message = fc.record({
    peer: fc.constantFrom('a', 'b', 'c'),
    protocol: fc.constantFrom('content', 'feed'),
    bytes: fc.integer({ min: 1, max: SLICE }),
    pauseMs: fc.constantFrom(0, 0, 10, 400),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 60 }), async messages => {
      const { clock, passed, send } = world()
      for (const { peer, protocol, bytes, pauseMs } of messages) {
        void send(peer, protocol, bytes)
        await clock.pass(pauseMs)
      }
      await clock.pass(60_000)
      expect(passed).toHaveLength(messages.length)
      for (const [first, { atMs: from }] of passed.entries()) {
        let sum = 0
        for (const { bytes, atMs } of passed.slice(first)) {
          sum += bytes
          expect(sum).toBeLessThanOrEqual(2 * RATE + SLICE + ((atMs - from) / 1000) * RATE)
        }
      }
    }),
    { numRuns: 30 },
  )
}, 60_000)

test('a busy link is used in full', async () => {
  const { clock, flow, bytesOf } = world()
  for (const peer of ['a', 'b']) void flow(peer, 'content', 1_000)
  await clock.pass(20_000)
  expect(bytesOf(() => true)).toBeGreaterThan(0.98 * 20 * RATE)
})

test('peers share it evenly, however many requests one of them has', async () => {
  const { clock, flow, bytesOf } = world()
  for (let n = 0; n < 64; n++) void flow('greedy', 'content', 1_000)
  void flow('modest', 'content', 1_000)
  await clock.pass(30_000)
  const [greedy, modest] = ['greedy', 'modest'].map(name => bytesOf(({ peer }) => peer === name)) as [number, number]
  expect(modest / greedy).toBeGreaterThan(0.8)
})

test('records do not wait for artifacts', async () => {
  const { clock, flow, send, passed } = world()
  for (const peer of ['a', 'b', 'c']) for (let n = 0; n < 16; n++) void flow(peer, 'content', 1_000)
  await clock.pass(10_000)
  await send('a', 'feed', 20_000)
  await send('b', 'search', 20_000)
  expect(passed.filter(({ protocol }) => protocol !== 'content').map(({ atMs }) => atMs)).toEqual([10_000, 10_000])
})

test('artifacts go on under a flood of records, and that is paced too', async () => {
  const { clock, flow, bytesOf } = world()
  for (let n = 0; n < 16; n++) void flow('flood', 'feed', 10_000)
  void flow('a', 'content', 1_000)
  await clock.pass(30_000)
  expect(bytesOf(() => true)).toBeLessThanOrEqual(30 * RATE + 2 * RATE + SLICE)
  expect(bytesOf(({ protocol }) => protocol === 'content')).toBeGreaterThan(0.15 * 30 * RATE)
})

test('who gives up is forgotten and charged nothing', async () => {
  const { clock, flow, send, passed } = world()
  void flow('a', 'content', 5)
  await settled()
  const stop = new AbortController()
  const given = send('b', 'content', 100 * RATE, stop.signal)
  await settled()
  stop.abort(new Error('gone'))
  await expect(given).rejects.toThrow('gone')
  await clock.pass(2_000)
  expect(passed.map(({ peer }) => peer)).toEqual(Array(5).fill('a'))
})

test('a peer whose turn would come too late is sent elsewhere; one without a queue before it never, records never', async () => {
  const { rate, flow } = world()
  const crowded = (peer: string, protocol = 'content') => rate.isCrowdedFor(peer as PeerId, protocol)
  expect(crowded('new')).toBe(false)
  for (let n = 0; n < 64; n++) void flow('greedy', 'content', 100)
  await settled()
  expect([crowded('greedy'), crowded('new'), crowded('greedy', 'feed')]).toEqual([true, false, false])
  for (let n = 0; n < 12; n++) void flow(`peer${n}`, 'content', 100)
  await settled()
  expect(crowded('new')).toBe(true)
})
