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

/** A subscriber whose news is held until `release` is called; `told` is what it was told, by sequence. */
function watching(changes: HeadChanges, peer: PeerId, mayWait: (head: FeedHead) => boolean = () => true) {
  const told: number[][] = []
  const over = new AbortController()
  const held = Promise.withResolvers<void>()
  const wait = (signal: AbortSignal) => {
    held.resolve()
    return new Promise<void>(resolve => {
      Object.assign(watch, { release: resolve })
      signal.addEventListener('abort', () => resolve())
    })
  }
  const hold = { mayWait, wait }
  const reading = (async () => {
    for await (const heads of changes.watch([p.id], over.signal, { peer, hold })) told.push(heads.map(({ seq }) => seq))
  })()
  const watch = {
    told,
    held: held.promise,
    release: () => {},
    end: async () => {
      over.abort()
      await reading
    },
  }
  return watch
}

test('a subscriber is told neither what it brought nor what it named meanwhile, and of a burst only the end', async () => {
  const changes = new HeadChanges()
  const [toAnn, toBob] = [watching(changes, ann), watching(changes, bob)]
  changes.stored([first], ann)
  await toBob.held
  changes.stored([second])
  await toAnn.held
  changes.heldBy(ann, [headOf(second)])
  toAnn.release()
  toBob.release()
  await toAnn.end()
  await toBob.end()
  expect(toAnn.told).toEqual([])
  expect(toBob.told).toEqual([[2]])
})

test('news that may not wait is told at once, with what waits', async () => {
  const changes = new HeadChanges()
  const toBob = watching(changes, bob, ({ seq }) => seq !== third.seq)
  changes.stored([first])
  await toBob.held
  changes.stored([third])
  await vi.waitFor(() => expect(toBob.told).toEqual([[1, 3]]))
  changes.stored([third])
  await vi.waitFor(() => expect(toBob.told).toEqual([[1, 3], [3]]))
  await toBob.end()
})

test('news that gossip brings too is held for one to eight seconds, until it is told to give up', async () => {
  const clock = new HandClock()
  const hold = heldBack({ clock, random: () => 0.5, isAnnounced: ({ seq }) => seq === 1 })
  expect([first, second].map(record => hold.mayWait(headOf(record)))).toEqual([true, false])
  const ended: string[] = []
  const wait = async (name: string, signal: AbortSignal) => {
    await hold.wait(signal)
    ended.push(name)
  }
  const over = new AbortController()
  const waits = [wait('long', new AbortController().signal), wait('short', over.signal)]
  over.abort()
  await waits[1]
  clock.pass(TELL_AFTER_MS + 0.5 * TELL_SPREAD_MS - 1)
  await Promise.resolve()
  expect(ended).toEqual(['short'])
  clock.pass(1)
  await waits[0]
})
