import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PackageName, PublisherCatalogue, WellFormedRecord } from '../../../src/protocol/index.ts'
import { CatalogueFold, foldPublisher, packageDigestOf } from '../../../src/protocol/index.ts'
import { KEPT_RELEASES, seen } from './seen.ts'
import * as u from './universe.ts'

const X = 'pkg:npm/x' as PackageName
const fold = (...records: WellFormedRecord[][]): PublisherCatalogue => foldPublisher(u.PUBLISHER, records.flat())
const a = u.writerFeed('a', u.release('pkg:npm/x@1'), u.release('pkg:npm/x@2'), u.release('pkg:npm/x@3'))
const headOf = (record: WellFormedRecord | undefined) => ({
  publisher: u.PUBLISHER,
  feed: record?.feed,
  seq: record?.seq,
  id: record?.id,
})

describe('the heads that voids name', () => {
  test('are told whether held or not, also of a void outdone and of a feed not delegated', () => {
    const b = u.writerFeed('b', u.release('pkg:npm/x@1'))
    const root = u.rootFeed(
      u.delegateBody('a'),
      u.voidBody('a', 3, a[1] ?? null),
      u.voidBody('b', 2, b[0] ?? null),
      u.voidBody('a', 2, a[0] ?? null),
      u.voidBody('c', 1, null),
    )
    expect(fold(root).voidedHeads).toEqual([headOf(a[1]), headOf(b[0]), headOf(a[0])])
  })
  test('of a root branch that does not count are not told', () => {
    const delegated = u.rootFeed(u.delegateBody('a'))
    const last = delegated[1] ?? u.GENESIS
    const thief = u.rootRecord(last, u.voidBody('a', 2, a[0] ?? null))
    const rotate = u.rootRecord(last, u.rotateBody(), u.RECOVERY_KEY)
    expect(fold(delegated, [thief]).voidedHeads).toHaveLength(1)
    expect(fold(delegated, [thief, rotate]).voidedHeads).toEqual([])
  })
})

describe('a delegate that expires', () => {
  const releaseOf = (catalogue: PublisherCatalogue) => catalogue.packages.get(X)?.releases.get('1')
  const expiryWith = (...expires: (number | undefined)[]) =>
    releaseOf(fold(u.rootFeed(...expires.map(each => u.delegateBody('a', 'public', [], each))), a))?.expires

  test('says until when its releases are vouched for; the fold itself has no clock', () => {
    const expiring = fold(u.rootFeed(u.delegateBody('a', 'public', [], 7)), a)
    expect(expiring.feeds[1]).toMatchObject({ expires: 7, end: 4, reason: 'open' })
    expect(releaseOf(expiring)).toMatchObject({ state: 'live', expires: 7 })
  })
  test('is renewed by a later delegate and never shortened by one', () => {
    expect([expiryWith(undefined), expiryWith(7, 9), expiryWith(9, 7), expiryWith(7, undefined)]).toEqual([
      null,
      9,
      9,
      null,
    ])
    expect(expiryWith(undefined, 7)).toBeNull()
  })
  test('leaves a release vouched for when another feed releases the same bytes', () => {
    const root = u.rootFeed(u.delegateBody('a', 'public', [], 7), u.delegateBody('b'))
    const same = u.writerFeed('b', u.release('pkg:npm/x@1'))
    const other = u.writerFeed('b', u.release('pkg:npm/x@1', 'wheel', 'x.whl'))
    expect(releaseOf(fold(root, a, same))?.expires).toBeNull()
    expect(releaseOf(fold(root, a, other))?.expires).toBe(7)
  })
  test('changes no package digest: what is believed when is not what the records add up to', () => {
    const states = [undefined, 7].map(expires =>
      fold(u.rootFeed(u.delegateBody('a', 'public', [], expires)), a).packages.get(X),
    )
    expect(states[0]).not.toEqual(states[1])
    const digests = states.map(state => (state === undefined ? null : packageDigestOf(state)))
    expect(digests[0]).toBe(digests[1])
  })
})

describe('the records that make a feed its publisher’s', () => {
  const delegation = (root: WellFormedRecord[], name = 'a') => {
    const folded = new CatalogueFold()
    folded.add(root)
    return folded.delegationOf(u.PUBLISHER, u.feedOf(name), X)
  }
  const ids = (...records: (WellFormedRecord | undefined)[]) => records.map(record => record?.id)

  test('are the genesis and the delegate that covers the name, of several the one that lasts longest', () => {
    const root = u.rootFeed(
      u.delegateBody('a', 'public', ['npm:y'], 99),
      u.delegateBody('a', 'public', ['npm:x'], 7),
      u.delegateBody('a', 'public', ['npm:*'], 9),
      u.delegateBody('a', 'public', ['npm:x'], 9),
    )
    expect(delegation(root)).toEqual(ids(u.GENESIS, root[3]))
    expect(delegation(root.slice(0, 2))).toBeNull()
    expect(delegation(root, 'b')).toBeNull()
  })
  test('hold the recovery rotates before the delegate, and no rotate that changed no key', () => {
    const powerless = u.rootRecord(u.GENESIS, u.rotateBody(), u.ROOT_KEY)
    const rotate = u.rootRecord(powerless, u.rotateBody(), u.RECOVERY_KEY)
    const delegate = u.rootRecord(rotate, u.delegateBody('a'), u.NEW_ROOT_KEY)
    const later = u.rootRecord(delegate, u.rotateBody(u.ROOT_KEY), u.RECOVERY_KEY)
    expect(delegation([u.GENESIS, powerless, rotate, delegate, later])).toEqual(ids(u.GENESIS, rotate, delegate))
  })
})

test('in any order and batches what the root says of feeds equals a refold', () => {
  const delegated = u.rootFeed(
    u.delegateBody('a', 'public', [], 7),
    u.voidBody('a', 3, a[1] ?? null),
    u.delegateBody('b'),
  )
  const last = delegated.at(-1) ?? u.GENESIS
  const forks = [9, undefined].map(expires => u.rootRecord(last, u.delegateBody('a', 'public', [], expires)))
  const earlier = u.rootRecord(forks[0] ?? last, u.voidBody('a', 2, a[0] ?? null))
  const rotate = u.rootRecord(earlier, u.rotateBody(), u.RECOVERY_KEY)
  const renewed = u.rootRecord(rotate, u.delegateBody('a'), u.NEW_ROOT_KEY)
  const all = [...delegated, ...forks, earlier, rotate, renewed, ...a]
  const batches = fc.tuple(
    fc.shuffledSubarray(all, { minLength: all.length }),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: all.length, maxLength: all.length }),
  )
  fc.assert(
    fc.property(batches, fc.constantFrom(...KEPT_RELEASES), ([records, sizes], kept) => {
      const folded = new CatalogueFold(undefined, kept)
      for (let from = 0; from < records.length; ) {
        const to = from + (sizes[from] ?? 1)
        folded.add(records.slice(from, to))
        from = to
        const whole = foldPublisher(u.PUBLISHER, records.slice(0, to))
        expect(seen(folded.publisher(u.PUBLISHER))).toEqual(seen(whole))
        expect(folded.voidedHeadsOf(u.PUBLISHER)).toEqual(whole.voidedHeads)
        const whenWhole = new CatalogueFold()
        whenWhole.add(records.slice(0, to))
        const asked = [u.PUBLISHER, u.feedOf('a'), X] as const
        expect(folded.delegationOf(...asked)).toEqual(whenWhole.delegationOf(...asked))
      }
    }),
    { numRuns: 200 },
  )
  expect(foldPublisher(u.PUBLISHER, all).digest).toMatchInlineSnapshot(
    `"f6610651461a6a83e5f63631bbc09b2585555ca73ea8e9eef9d280f6a613aa28"`,
  )
  expect(foldPublisher(u.PUBLISHER, all)).toMatchObject({
    feeds: [{ end: 9 }, { end: 2, reason: 'void', expires: null }, { end: 1 }],
    voidedHeads: [headOf(a[1]), headOf(a[0])],
  })
})
