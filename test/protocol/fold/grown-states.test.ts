import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Op, WellFormedRecord } from '../../../src/protocol/index.ts'
import { BodiesInMemory, CatalogueFold, type FeedHead, foldPublisher } from '../../../src/protocol/index.ts'
import { KEPT_RELEASES, seen } from './seen.ts'
import * as u from './universe.ts'

const X = 'pkg:npm/x' as never

/** Counts what is read again. */
class CountedBodies extends BodiesInMemory {
  reads = 0

  override bodyOf(at: FeedHead) {
    this.reads++
    return super.bodyOf(at)
  }
}

test('a state that is looked at grows by what comes behind it as a refold would have it', () => {
  const version = fc.constantFrom('1', '2', '3')
  const purl = version.map(each => `pkg:npm/x@${each}`)
  const back = fc.nat(8)
  const step = fc.record({
    feed: fc.constantFrom('a', 'a', 'a', 'b', 'p'),
    look: fc.boolean(),
    op: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(purl, fc.nat(2)).map(
          ([of, n]) =>
            () =>
              u.release(of, `${of} ${n}`, `${n}.tgz`),
        ),
      },
      fc.tuple(version, fc.constantFrom('latest', 'next')).map(
        ([of, name]) =>
          () =>
            u.tag('pkg:npm/x', name, of),
      ),
      fc.constantFrom('latest', 'next').map(name => () => u.tag('pkg:npm/x', name, null)),
      purl.map(of => () => u.yank(of)),
      purl.map(of => () => u.deprecate(of, 'old')),
      back.map(
        n => (before: readonly WellFormedRecord[]) => u.yankAt(u.at(before.at(-1 - n) ?? before[0] ?? u.GENESIS)),
      ),
      back.map(n => (before: readonly WellFormedRecord[]) => u.undo(u.at(before.at(-1 - n) ?? before[0] ?? u.GENESIS))),
    ),
  })
  const root = u.rootFeed(u.delegateBody('b'), u.delegateBody('a'), u.delegateBody('p', 'private'))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(...KEPT_RELEASES), (steps, kept) => {
      const fold = new CatalogueFold(undefined, kept)
      fold.add(root)
      const records: WellFormedRecord[] = []
      const last = new Map<string, WellFormedRecord>()
      for (const { feed, look, op } of steps) {
        const record = u.writerRecord(feed, last.get(feed) ?? null, [
          (op as (before: readonly WellFormedRecord[]) => Op)(records),
        ])
        last.set(feed, record)
        records.push(record)
        fold.add([record])
        if (look) fold.package(u.PUBLISHER, X)
      }
      const whole = foldPublisher(u.PUBLISHER, [...root, ...records])
      expect(seen(fold.publisher(u.PUBLISHER))).toEqual(seen(whole))
    }),
    { numRuns: 300 },
  )
})

test('of a package with many versions only the new one is read when it is looked at after each', () => {
  const bodies = new CountedBodies()
  const fold = new CatalogueFold(bodies)
  fold.add(u.rootFeed(u.delegateBody('a')))
  const releases = Array.from({ length: 50 }, (_, i) => u.release(`pkg:npm/x@${i}`))
  for (const record of u.writerFeed('a', ...releases)) {
    fold.add([record])
    fold.package(u.PUBLISHER, X)
  }
  expect(bodies.reads).toBeLessThanOrEqual(2 * 50)
  expect(fold.package(u.PUBLISHER, X)?.releases.size).toBe(50)
})

test('a state weighs what it holds: with too many records of one version, another one is not kept beside it', () => {
  const bodies = new CountedBodies()
  const fold = new CatalogueFold(bodies, 60)
  fold.add(u.rootFeed(u.delegateBody('a'), u.delegateBody('b')))
  const same = Array.from({ length: 50 }, () => u.release('pkg:npm/x@1'))
  fold.add([...u.writerFeed('a', ...same), ...u.writerFeed('b', ...same.map(() => u.release('pkg:npm/y@1')))])
  const lookAt = (name: string) => {
    const before = bodies.reads
    fold.package(u.PUBLISHER, name as never)
    return bodies.reads - before
  }
  expect(['pkg:npm/x', 'pkg:npm/x', 'pkg:npm/y', 'pkg:npm/x'].map(lookAt)).toEqual([50, 0, 50, 50])
})

test('adding reads nothing, nor does asking which packages there are', () => {
  const bodies = new CountedBodies()
  const fold = new CatalogueFold(bodies)
  const a = u.writerFeed('a', u.release('pkg:npm/x@1'), u.release('pkg:npm/y@1'), u.yank('pkg:npm/y'))
  fold.add([...u.rootFeed(u.delegateBody('a')), ...a])
  fold.add([u.writerRecord('a', a[1]!, [u.release('pkg:npm/z@1')])])
  const { packages } = fold.publisher(u.PUBLISHER)!
  expect([...packages.keys()]).toEqual(['pkg:npm/x', 'pkg:npm/y'])
  expect([packages.size, packages.has(X), packages.has('pkg:npm/z' as never)]).toEqual([2, true, false])
  expect(fold.publishersOf(X)).toEqual([u.PUBLISHER])
  expect(bodies.reads).toBe(0)
})
