import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WellFormedRecord } from '../../../src/protocol/index.ts'
import { CatalogueFold, foldPublisher } from '../../../src/protocol/index.ts'
import { KEPT_RELEASES, seen } from './seen.ts'
import * as u from './universe.ts'

/** A universe with everything that bends a fold: forks, voids, undos, two writers, a private feed, unknown kinds. */
function universe(): WellFormedRecord[] {
  const a = u.writerFeed(
    'a',
    u.release('pkg:npm/x@1.0.0'),
    null,
    u.release('pkg:npm/x@1.1.0'),
    u.yank('pkg:npm/x@1.0.0'),
    u.tag('pkg:npm/x', 'latest', '1.1.0'),
    u.release('pkg:npm/y@1.0.0', 'one'),
  )
  const [, , , yanked] = a
  const undone = u.writerRecord('a', a.at(-1) ?? null, [u.undo(u.at(yanked))])
  const aTail = [undone, ...['p', 'q', 'r'].map(v => u.writerRecord('a', undone, [u.release(`pkg:npm/z@1.0.0-${v}`)]))]
  const b = u.writerFeed(
    'b',
    u.release('pkg:npm/y@1.0.0', 'two'),
    u.release('pkg:npm/x@1.1.0', 'wheel', 'x.whl', 'later'),
    u.yankAt(u.at(a[5])),
    u.tag('pkg:npm/x', 'latest', '1.0.0'),
    u.deprecate('pkg:npm/x', 'use z'),
  )
  const bForks = [1, 2, 3].map(n => u.writerRecord('b', b[1] ?? null, [u.release(`pkg:npm/evil@${n}.0.0`)], n))
  const bThief = u.writerRecord('b', null, [u.release('pkg:npm/y@1.0.0', 'evil')], 'thief')
  const p = u.writerFeed('p', u.release('pkg:npm/secret@1.0.0'), u.release('pkg:npm/x@2.0.0'), u.yankAt(u.at(a[2])))
  const unnamed = u.writerFeed('nobody', u.release('pkg:npm/x@9.0.0'))
  const root = u.rootFeed(u.delegateBody('b'), u.delegateBody('a'), null, u.delegateBody('p', 'private'))
  const ended = u.rootRecord(root.at(-1) ?? u.GENESIS, u.voidBody('b', 6, b[4] ?? null))
  return [...root, ended, ...a, ...aTail, ...b, ...bForks, bThief, ...p, ...unnamed]
}

const all = universe()
const whole = foldPublisher(u.PUBLISHER, all)
const shuffled = fc.shuffledSubarray(all, { minLength: all.length })

test('the same records in any order give the same catalogue and digest', () => {
  fc.assert(
    fc.property(shuffled, records => {
      expect(seen(foldPublisher(u.PUBLISHER, records))).toEqual(seen(whole))
    }),
    { numRuns: 300 },
  )
})

test('in any batches the incremental fold equals a refold after every batch', () => {
  const batches = fc.tuple(shuffled, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }))
  fc.assert(
    fc.property(batches, fc.constantFrom(...KEPT_RELEASES), ([records, sizes], kept) => {
      const fold = new CatalogueFold(undefined, kept)
      let from = 0
      for (const size of [...sizes, records.length]) {
        fold.add(records.slice(from, from + size))
        from = Math.min(from + size, records.length)
        expect(seen(fold.publisher(u.PUBLISHER))).toEqual(seen(foldPublisher(u.PUBLISHER, records.slice(0, from))))
        if (from === records.length) break
      }
    }),
    { numRuns: 200 },
  )
})

test('a record given again changes nothing and touches nothing', () => {
  const fold = new CatalogueFold()
  fold.add(all)
  const before = fold.digest()
  expect(fold.add(all).touched).toEqual([])
  expect(fold.digest()).toBe(before)
})

test('nodes that hold different pairs of a three-way fork have one digest', () => {
  const good = u.writerFeed('a', u.release('pkg:npm/x@1.0.0'), u.release('pkg:npm/x@1.1.0'))
  const forks = [1, 2, 3].map(n => u.writerRecord('a', good[0] ?? null, [u.release(`pkg:npm/x@2.0.${n}`)], n))
  const root = u.rootFeed(u.delegateBody('a'))
  const three = [good[1], ...forks.slice(0, 2)] as WellFormedRecord[]
  const digests = [0, 1, 2].map(left => {
    const pair = three.filter((_, index) => index !== left)
    return foldPublisher(u.PUBLISHER, [...root, ...good.slice(0, 1), ...pair]).digest
  })
  digests.push(foldPublisher(u.PUBLISHER, [...root, ...good, ...forks]).digest)
  expect(new Set(digests).size).toBe(1)
})

test('a node without the private feed has the same digest and sees nothing of it', () => {
  const without = foldPublisher(
    u.PUBLISHER,
    all.filter(record => record.feed !== u.feedOf('p')),
  )
  expect(without.digest).toBe(whole.digest)
  expect([...without.packages.keys()]).not.toContain('pkg:npm/secret')
  expect(whole.packages.get('pkg:npm/secret' as never)?.visibility).toBe('private')
})

test('the digest tells catalogues apart that differ in one record', () => {
  const counted = all.filter(record => record.feed === u.feedOf('a') && record.seq <= 7)
  const digests = counted.map(
    left =>
      foldPublisher(
        u.PUBLISHER,
        all.filter(record => record !== left),
      ).digest,
  )
  expect(new Set([whole.digest, ...digests]).size).toBe(counted.length + 1)
})

test('an empty publisher and a pinned universe keep their digests', () => {
  expect(foldPublisher(u.PUBLISHER, []).digest).toMatchInlineSnapshot(
    `"5985dee9943bb0fc013d87ded506031c941b6584f0fa0141a93671a2d0e74ce3"`,
  )
  expect(whole.digest).toMatchInlineSnapshot(`"b90909f46ce09a8a8648e5b7f794852c777d5d5b1978bf3d91bbb21ec46b6714"`)
})
