import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PackageName, PublisherCatalogue, WellFormedRecord } from '../../../src/protocol/index.ts'
import { CatalogueFold, foldPublisher, MAX_FEED_PATTERNS, MAX_FEED_VOIDS } from '../../../src/protocol/index.ts'
import { KEPT_RELEASES, seen } from './seen.ts'
import * as u from './universe.ts'

const fold = (...records: WellFormedRecord[][]): PublisherCatalogue => foldPublisher(u.PUBLISHER, records.flat())
const stateOf = (catalogue: PublisherCatalogue, name: string, version = '1') =>
  catalogue.packages.get(`pkg:npm/${name}` as PackageName)?.releases.get(version)?.state ?? null
const numbered = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('a writer with a scope', () => {
  const main = u.writerFeed(
    'main',
    u.release('pkg:npm/core@1'),
    u.release('pkg:npm/bad@1'),
    u.release('pkg:npm/ci-x@1'),
  )
  const yanked = u.writerRecord('main', main.at(-1)!, [u.yankAt(u.at(main[1]), 'malware')])
  const byName = u.writerRecord('main', yanked, [u.yank('pkg:npm/bad@1', 'malware')])
  const rootWith = (...scope: string[]) => u.rootFeed(u.delegateBody('main'), u.delegateBody('ci', 'public', scope))
  const folded = (ops: Parameters<typeof u.writerFeed>[1][], ...scope: string[]) =>
    fold(rootWith(...scope), main, [yanked, byName], u.writerFeed('ci', ...ops))

  test('yanks nothing outside it by pointing at a release', () => {
    const ops = [u.yankAt(u.at(main[0])), u.yankAt(u.at(main[2]))]
    const narrow = folded(ops, 'npm:ci-*')
    expect([stateOf(narrow, 'core'), stateOf(narrow, 'ci-x')]).toEqual(['live', 'yanked'])
    const wide = folded(ops)
    expect([stateOf(wide, 'core'), stateOf(wide, 'ci-x')]).toEqual(['yanked', 'yanked'])
  })
  test('undoes no yank outside it, whether that one names a package or points at a release', () => {
    const ops = [u.undo(u.at(yanked), u.at(byName))]
    expect(stateOf(folded(ops, 'npm:ci-*'), 'bad')).toBe('yanked')
    expect(stateOf(folded(ops, 'npm:ci-*', 'npm:bad'), 'bad')).toBe('live')
  })
  test('brings no yank back by an undo of its undo, as nobody does', () => {
    const undone = u.writerRecord('main', byName, [u.undo(u.at(yanked), u.at(byName))])
    const ci = u.writerFeed('ci', u.undo(u.at(undone)))
    for (const scope of [['npm:ci-*'], []])
      expect(stateOf(fold(rootWith(...scope), main, [yanked, byName, undone], ci), 'bad')).toBe('live')
  })
})

describe('bounds on what a root says of one feed', () => {
  const patterns = numbered(MAX_FEED_PATTERNS, i => `npm:p${i}`)
  const a = u.writerFeed('a', u.release('pkg:npm/p0@1'), u.release('pkg:npm/late@1'))

  test('patterns beyond the limit are inert, whichever delegates say them; every name is still said by none', () => {
    const full = u.rootFeed(...patterns.map(pattern => u.delegateBody('a', 'public', [pattern])))
    const over = u.rootRecord(full.at(-1)!, u.delegateBody('a', 'public', ['npm:late', 'npm:p0'], 7))
    const catalogue = fold(full, [over], a)
    expect([stateOf(catalogue, 'p0'), stateOf(catalogue, 'late')]).toEqual(['live', null])
    expect(stateOf(fold(full.slice(0, -1), [u.rootRecord(full.at(-2)!, over.understood)], a), 'late')).toBe('live')
    const everything = u.rootRecord(over, u.delegateBody('a'))
    expect(stateOf(fold(full, [over, everything], a), 'late')).toBe('live')
    const proof = new CatalogueFold()
    proof.add([...full, over])
    const proofFor = (name: string) => proof.delegationOf(u.PUBLISHER, u.feedOf('a'), `pkg:npm/${name}` as PackageName)
    expect([proofFor('p0'), proofFor('late')]).toEqual([[u.GENESIS.id, full[1]!.id], null])
  })
  test('voids beyond the limit are inert', () => {
    const long = u.writerFeed('a', ...numbered(MAX_FEED_VOIDS + 3, i => u.release(`pkg:npm/x@${i}`)))
    const from = (i: number) => long.length - i
    const voids = numbered(MAX_FEED_VOIDS + 1, i => u.voidBody('a', from(i), long[from(i) - 2] ?? null))
    const catalogue = fold(u.rootFeed(u.delegateBody('a'), ...voids), long)
    expect(catalogue.feeds[1]).toMatchObject({ end: from(MAX_FEED_VOIDS - 1), reason: 'void' })
    expect(catalogue.voidedHeads).toHaveLength(MAX_FEED_VOIDS)
  })
})

test('in any order and batches scopes that widen, and ops that point into and out of them, equal a refold', () => {
  const root = u.rootFeed(
    u.delegateBody('b', 'public', ['npm:x'], 7),
    u.delegateBody('a'),
    u.delegateBody('b', 'public', ['npm:y'], 9),
    u.delegateBody('p', 'private'),
  )
  const beside = u.rootRecord(root[2]!, u.delegateBody('b'))
  const besideToo = u.rootRecord(beside, u.delegateBody('c'))
  const rotate = u.rootRecord(besideToo, u.rotateBody(), u.RECOVERY_KEY)
  const a = u.writerFeed('a', u.release('pkg:npm/x@1'), u.release('pkg:npm/y@1'), u.release('pkg:npm/z@1'))
  const yanks = u.writerRecord('a', a.at(-1)!, [u.yankAt(u.at(a[0])), u.yank('pkg:npm/y@1'), u.yankAt(u.at(a[2]))])
  const b = u.writerFeed(
    'b',
    u.undo(u.at(yanks, 0), u.at(yanks, 1), u.at(yanks, 2)),
    u.yankAt(u.at(a[1])),
    u.release('pkg:npm/y@1', 'other'),
    u.release('pkg:npm/z@2'),
  )
  const undone = u.writerRecord('a', yanks, [u.undo(u.at(b[0]), u.at(b[1]))])
  const p = u.writerFeed('p', u.undo(u.at(yanks, 2)))
  const all = [...root, beside, besideToo, rotate, ...a, yanks, undone, ...b, ...p]
  const batches = fc.tuple(
    fc.shuffledSubarray(all, { minLength: all.length }),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: all.length, maxLength: all.length }),
    fc.infiniteStream(fc.boolean()),
  )
  fc.assert(
    fc.property(batches, fc.constantFrom(...KEPT_RELEASES), ([records, sizes, looks], kept) => {
      const folded = new CatalogueFold(undefined, kept)
      for (let from = 0; from < records.length; ) {
        const to = from + (sizes[from] ?? 1)
        folded.add(records.slice(from, to))
        from = to
        // States are computed when they are asked for: not looking must not change what is seen later.
        if (to < records.length && looks.next().value) continue
        expect(seen(folded.publisher(u.PUBLISHER))).toEqual(seen(foldPublisher(u.PUBLISHER, records.slice(0, to))))
      }
    }),
    { numRuns: 300 },
  )
})

test('the packages whose state another record changes are among the touched', () => {
  const root = u.rootFeed(u.delegateBody('a'), u.delegateBody('b', 'public', ['npm:y']))
  const a = u.writerFeed('a', u.release('pkg:npm/x@1'), u.release('pkg:npm/y@1'))
  const b = u.writerFeed('b', u.yankAt(u.at(a[0])), u.release('pkg:npm/x@2'))
  const folded = new CatalogueFold()
  folded.add([...root, ...a, ...b])
  const wider = u.rootRecord(root.at(-1)!, u.delegateBody('b', 'public', ['npm:x']))
  expect(folded.add([wider]).touched).toEqual([{ publisher: u.PUBLISHER, package: 'pkg:npm/x' }])
  expect(folded.add([u.rootRecord(wider, u.delegateBody('b', 'public', ['npm:x', 'npm:*x'], 9))]).touched).toEqual([])
})

/** So many that work which grows with the square of them never ends within a test's time-out. */
const COUNT = 3_000

describe('thousands of records of one publisher, one a batch, add up to what a refold of them does', () => {
  const releases = u.writerFeed('a', ...numbered(COUNT, i => u.release(`pkg:npm/p${i}@1`)))
  const delegated = u.rootFeed(u.delegateBody('a', 'public', [], 1))
  const following = (
    last: WellFormedRecord,
    count: number,
    make: (i: number) => Parameters<typeof u.rootRecord>[1],
  ) => {
    const made: WellFormedRecord[] = []
    for (let i = 0; i < count; i++) made.push(u.rootRecord(made.at(-1) ?? last, make(i)))
    return made
  }
  const scopeOf = (i: number) => numbered(64, j => `npm:s${i}-${j}`)
  const undos = u.writerFeed('a', u.yank('pkg:npm/x'))
  while (undos.length < COUNT) undos.push(u.writerRecord('a', undos.at(-1)!, [u.undo(u.at(undos.at(-1)))]))
  const rival = u.rootRecord(u.GENESIS, u.delegateBody('rival'))
  const cases: Record<string, WellFormedRecord[]> = {
    'delegates with new patterns': following(u.GENESIS, COUNT, i => u.delegateBody('a', 'public', scopeOf(i))),
    'renewals of a long feed': [
      ...delegated,
      ...releases,
      ...following(delegated.at(-1)!, COUNT, i => u.delegateBody('a', 'public', [], i + 2)),
    ],
    'voids of a long feed': [
      ...delegated,
      ...releases,
      ...following(delegated.at(-1)!, COUNT - 2, i => u.voidBody('a', COUNT - i, releases[COUNT - i - 2]!)),
    ],
    'records on a voided feed': [
      ...delegated,
      ...following(delegated.at(-1)!, 1, () => u.voidBody('a', 9, releases[7]!)),
      ...releases,
    ],
    'undos of undos': [...delegated, ...undos],
    'releases of one package': [
      ...delegated,
      ...u.writerFeed('a', ...numbered(COUNT, i => u.release(`pkg:npm/x@${i}`))),
    ],
    'a rival root branch': [
      ...following(u.GENESIS, COUNT, i => u.delegateBody('a', 'public', [], i)),
      rival,
      ...following(rival, COUNT, () => u.rotateBody()),
    ],
  }

  test.each(Object.entries(cases))('%s', (_, records) => {
    const folded = new CatalogueFold()
    folded.add([u.GENESIS])
    for (const record of records) folded.add([record])
    const refolded = foldPublisher(u.PUBLISHER, [u.GENESIS, ...records])
    expect(folded.publisher(u.PUBLISHER)?.digest).toBe(refolded.digest)
  })
})
