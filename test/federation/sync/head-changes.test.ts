import { expect, test, vi } from 'vitest'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { heldBack } from '../../../src/federation/sync/held-back.ts'
import { TELL_AFTER_MS, TELL_SPREAD_MS } from '../../../src/federation/sync/limits.ts'
import { type FeedHead, headOf, type PeerId, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'
import { Publisher } from '../simulation/cast.ts'

const [ann, bob] = ['ann', 'bob'] as PeerId[] as [PeerId, PeerId]
const p = new Publisher('acme')
const [first, second, third] = p.chain(3, null, 'a') as [WellFormedRecord, WellFormedRecord, WellFormedRecord]
const q = new Publisher('other')
const [, , , other, nextOther] = q.chain(5, null, 'b') as [never, never, never, WellFormedRecord, WellFormedRecord]

/** A subscriber whose news waits ten seconds; `told` is what it was told, by sequence. */
function watching(
  changes: HeadChanges,
  peer: PeerId,
  clock: HandClock,
  mayWait: (head: FeedHead) => boolean = () => true,
) {
  const told: number[][] = []
  const over = new AbortController()
  const came = (head: FeedHead) => ({ atMs: clock.now(), mayWait: mayWait(head) })
  const hold = { clock, came, delayMs: () => 10_000 }
  const reading = (async () => {
    for await (const heads of changes.watch([p.id, q.id], over.signal, { peer, hold }))
      told.push(heads.map(({ seq }) => seq))
  })()
  return {
    told,
    end: async () => {
      over.abort()
      await reading
    },
  }
}

/** Time passes, and what it wakes runs. */
async function pass(clock: HandClock, ms: number): Promise<void> {
  clock.pass(ms)
  await new Promise(setImmediate)
}

test('a subscriber is told neither what it brought nor what it named meanwhile, and of a burst only the end', async () => {
  const [changes, clock] = [new HeadChanges(), new HandClock()]
  const [toAnn, toBob] = [watching(changes, ann, clock), watching(changes, bob, clock)]
  changes.stored([first], ann)
  changes.stored([second])
  changes.heldBy(ann, [headOf(second)])
  await pass(clock, 10_000)
  await toAnn.end()
  await toBob.end()
  expect(toAnn.told).toEqual([])
  expect(toBob.told).toEqual([[2]])
})

test('what is left when a subscriber named the rest waits its own time, and no feed longer than that', async () => {
  const [changes, clock] = [new HeadChanges(), new HandClock()]
  const toBob = watching(changes, bob, clock)
  changes.stored([first])
  await pass(clock, 4_000)
  changes.stored([other])
  await pass(clock, 4_000)
  changes.stored([nextOther])
  changes.heldBy(bob, [headOf(first)])
  await pass(clock, 5_999)
  expect(toBob.told).toEqual([])
  await pass(clock, 1)
  expect(toBob.told).toEqual([[nextOther.seq]])
  changes.stored([second])
  changes.heldBy(bob, [headOf(second)])
  await pass(clock, 20_000)
  expect(toBob.told).toEqual([[nextOther.seq]])
  await toBob.end()
})

test('news that may not wait is told at once, with what waits', async () => {
  const [changes, clock] = [new HeadChanges(), new HandClock()]
  const toBob = watching(changes, bob, clock, ({ seq }) => seq !== third.seq)
  changes.stored([first])
  changes.stored([third])
  await vi.waitFor(() => expect(toBob.told).toEqual([[1, 3]]))
  changes.stored([third])
  await vi.waitFor(() => expect(toBob.told).toEqual([[1, 3], [3]]))
  await toBob.end()
})

test('news that gossip brings too may wait one to eight seconds', () => {
  const clock = new HandClock()
  const hold = (random: number) => heldBack({ clock, random: () => random, isAnnounced: ({ seq }) => seq === 1 })
  expect([first, second].map(record => hold(0).came(headOf(record)).mayWait)).toEqual([true, false])
  expect([0, 1].map(random => hold(random).delayMs())).toEqual([TELL_AFTER_MS, TELL_AFTER_MS + TELL_SPREAD_MS])
  expect([TELL_AFTER_MS, TELL_AFTER_MS + TELL_SPREAD_MS]).toEqual([1_000, 8_000])
})
