import { expect, test } from 'vitest'
import { LEAST_NEWS_BYTES, MAX_SYNC_PEERS, MAX_WAITING_HEADS, NEWS_RATE } from '../../../src/federation/sync/limits.ts'
import { NewsBudgets } from '../../../src/federation/sync/news-budgets.ts'
import { encodeHeads, headOf, type PeerId } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'
import { TestClock } from '../streams/duplex-pair.ts'

const [flood, honest] = ['flood', 'honest'] as PeerId[] as [PeerId, PeerId]
const { signal } = new AbortController()

/** A peer that tells parts of so many bytes without end; how many were read. */
function tellWithoutEnd(budgets: NewsBudgets, bytes: number, until: AbortSignal) {
  const read = { parts: 0 }
  void (async () => {
    for (;;) {
      await budgets.take(flood, bytes, until)
      read.parts++
    }
  })().catch(() => {})
  return read
}

test('of a peer that tells heads without end the burst is read and then the rate, whatever connection it comes over', async () => {
  const clock = new TestClock()
  const budgets = new NewsBudgets(clock)
  let stop = new AbortController()
  const first = tellWithoutEnd(budgets, 100_000, stop.signal)
  await clock.pass(10_000)
  const most = (NEWS_RATE.burst + 10 * NEWS_RATE.perSecond) / 100_000
  expect(first.parts).toBeGreaterThan(most - 2)
  expect(first.parts).toBeLessThanOrEqual(most)
  stop.abort()
  stop = new AbortController()
  const again = tellWithoutEnd(budgets, 100_000, stop.signal)
  await clock.pass(1_000)
  expect(again.parts).toBeLessThanOrEqual(4)
  await clock.pass(9_000)
  expect(again.parts).toBeGreaterThan(35)
  stop.abort()
})

test('parts of a byte count as larger ones, and other peers wait for nobody', async () => {
  const clock = new TestClock()
  const budgets = new NewsBudgets(clock)
  const stop = new AbortController()
  const drips = tellWithoutEnd(budgets, 1, stop.signal)
  await clock.pass(1_000)
  expect(drips.parts).toBeLessThanOrEqual((NEWS_RATE.burst + NEWS_RATE.perSecond) / LEAST_NEWS_BYTES)
  await budgets.take(honest, 100_000, signal)
  stop.abort()
})

test('all that may wait at an honest peer for four subscriptions is read at once', async () => {
  const head = headOf(new Publisher('acme').genesis)
  const parts = encodeHeads(Array.from({ length: 4 * MAX_WAITING_HEADS }, () => head))
  const budgets = new NewsBudgets(new TestClock())
  for (const part of parts) await budgets.take(honest, part.byteLength, signal)
  expect(parts.length).toBeGreaterThan(30)
})

test('no more budgets are kept than peers connect', async () => {
  const budgets = new NewsBudgets(new TestClock())
  for (let i = 0; i < MAX_SYNC_PEERS + 10; i++) await budgets.take(`peer ${i}` as PeerId, 1, signal)
  expect(budgets.size).toBe(MAX_SYNC_PEERS)
})
