import { expect, test } from 'vitest'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { heldBack } from '../../../src/federation/sync/held-back.ts'
import { TELL_AFTER_MS, TELL_SPREAD_MS } from '../../../src/federation/sync/limits.ts'
import { headOf, type PeerId, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'

const [ann, bob] = ['ann', 'bob'] as PeerId[] as [PeerId, PeerId]
const p = new Publisher('acme')
const [first, second] = p.chain(2, null, 'a') as [WellFormedRecord, WellFormedRecord]

/** A subscriber whose news is held until `release` is called; `told` is what it was told, by sequence. */
function watching(changes: HeadChanges, peer: PeerId) {
  const told: number[][] = []
  const over = new AbortController()
  const held = Promise.withResolvers<void>()
  const hold = () => {
    held.resolve()
    return new Promise<void>(resolve => Object.assign(watch, { release: resolve }))
  }
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

test('news that gossip brings too is held for one to eight seconds, other news not at all', async () => {
  const waits: number[] = []
  const clock = {
    now: () => 0,
    after: (ms: number, action: () => void) => {
      waits.push(ms)
      action()
      return () => {}
    },
  }
  const { signal } = new AbortController()
  const isAnnounced = ({ seq }: { seq: number }) => seq === 1
  await heldBack({ clock, random: () => 0.5, isAnnounced })([headOf(first)], signal)
  await heldBack({ clock, random: () => 0.5, isAnnounced })([headOf(first), headOf(second)], signal)
  expect(waits).toEqual([TELL_AFTER_MS + 0.5 * TELL_SPREAD_MS])
})
