import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AudienceOp, MemberOp, Op, PeerId, WellFormedRecord } from '../../../src/protocol/index.ts'
import { CatalogueFold, foldPublisher, MAX_LIVE_FEEDS } from '../../../src/protocol/index.ts'
import { seen } from './seen.ts'
import * as u from './universe.ts'

const peer = (n: number): PeerId => `peer${n}` as PeerId
const audience = (undo: boolean, ...numbers: number[]): AudienceOp => ({
  op: 'audience',
  peers: numbers.map(peer),
  undo,
})
const member = (n: number, undo = false): MemberOp => ({ op: 'member', peer: peer(n), undo })

function foldOf(...records: readonly (readonly WellFormedRecord[])[]): CatalogueFold {
  const fold = new CatalogueFold()
  fold.add(records.flat())
  return fold
}
const audienceOf = (fold: CatalogueFold, name = 'l') => [...fold.audienceOf(u.PUBLISHER, u.feedOf(name))]

/** What a node makes of records that does not know `listed`, `audience` and `member`. */
function asBefore(records: readonly WellFormedRecord[]): WellFormedRecord[] {
  const isUnknown = ({ understood }: WellFormedRecord) =>
    understood?.typ === 'delegate'
      ? understood.visibility === 'listed'
      : understood?.typ === 'ops' && understood.ops.some(({ op }) => op === 'audience' || op === 'member')
  return records.map(record => (isUnknown(record) ? { ...record, understood: null } : record))
}

describe('a listed feed', () => {
  const root = u.rootFeed(u.delegateBody('a'), u.delegateBody('l', 'listed'))

  test('is for the peers on its list, which its own records put there and take off', () => {
    const feed = u.writerFeed(
      'l',
      audience(false, 1, 2),
      u.release('pkg:npm/x@1'),
      audience(true, 1),
      audience(false, 3),
    )
    const fold = foldOf(root, feed)
    expect(audienceOf(fold)).toEqual([peer(2), peer(3)])
    expect(fold.visibilityOf(u.PUBLISHER, u.feedOf('l'))).toBe('listed')
    expect(fold.publisher(u.PUBLISHER)?.packages.get('pkg:npm/x' as never)?.visibility).toBe('listed')
  })

  test('has no list where it is public or private, and none from another feed', () => {
    const bodies = [u.delegateBody('a'), u.delegateBody('p', 'private'), u.delegateBody('l', 'listed')]
    const feeds = ['a', 'p'].map(name => u.writerFeed(name, audience(false, 1)))
    const fold = foldOf(u.rootFeed(...bodies), ...feeds)
    for (const name of ['a', 'p', 'l', 'unknown']) expect(audienceOf(fold, name)).toEqual([])
  })

  test('gives nobody back through a fork what was taken behind it', () => {
    const feed = u.writerFeed('l', audience(false, 1, 2), audience(true, 1))
    expect(audienceOf(foldOf(root, feed))).toEqual([peer(2)])
    const rival = u.writerRecord('l', feed[0]!, [u.release('pkg:npm/x@1')], 'rival')
    expect(audienceOf(foldOf(root, feed, [rival]))).toEqual([peer(2)])
    const grown = foldOf(root, feed)
    grown.add([rival])
    expect(audienceOf(grown)).toEqual([peer(2)])
  })

  test('gives way to a delegate that says public, as where listed is not known', () => {
    const opened = u.rootFeed(u.delegateBody('l', 'listed'), u.delegateBody('a'), u.delegateBody('l'))
    const feed = u.writerFeed('l', u.release('pkg:npm/x@1'))
    const now = foldPublisher(u.PUBLISHER, [...opened, ...feed])
    const before = foldPublisher(u.PUBLISHER, asBefore([...opened, ...feed]))
    expect([now.digest, now.feeds]).toEqual([before.digest, before.feeds])
    expect(foldOf(opened, feed).visibilityOf(u.PUBLISHER, u.feedOf('l'))).toBe('public')
  })

  test('takes no place of a feed that counts where listed is not known', () => {
    const listed = Array.from({ length: 70 }, (_, i) => u.delegateBody(`l${i}`, 'listed'))
    const open = Array.from({ length: MAX_LIVE_FEEDS }, (_, i) => u.delegateBody(`o${i}`))
    const records = [
      ...u.rootFeed(...listed, ...open),
      ...u.writerFeed(`o${MAX_LIVE_FEEDS - 1}`, u.release('pkg:npm/x@1')),
    ]
    const now = foldPublisher(u.PUBLISHER, records)
    expect(now.feeds.filter(({ visibility }) => visibility === 'listed')).toHaveLength(64)
    expect(now.digest).toBe(foldPublisher(u.PUBLISHER, asBefore(records)).digest)
  })
})

test('digests are those of nodes that know nothing of lists and members, in whatever order records come', () => {
  const visibility = fc.constantFrom('public' as const, 'private' as const, 'listed' as const)
  const name = fc.constantFrom('a', 'b', 'c')
  const op = fc.oneof(
    fc.constantFrom<Op>(
      u.release('pkg:npm/x@1'),
      u.release('pkg:npm/y@1'),
      u.yank('pkg:npm/x@1'),
      u.tag('pkg:npm/y', 't', '1'),
    ),
    fc.tuple(fc.boolean(), fc.nat(3)).map(([undo, n]): Op => audience(undo, n)),
    fc.tuple(fc.boolean(), fc.nat(3)).map(([undo, n]): Op => member(n, undo)),
  )
  const world = fc.tuple(
    fc.array(fc.tuple(name, visibility), { maxLength: 5 }),
    fc.array(fc.tuple(name, fc.array(op, { maxLength: 5 })), { maxLength: 3 }),
  )
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat()), ([delegates, feeds], luck) => {
      const root = u.rootFeed(...delegates.map(([of, as]) => u.delegateBody(of, as)))
      const records = [...root, ...feeds.flatMap(([of, ops]) => u.writerFeed(of, ...ops))]
      const shuffled = records.map(record => [luck.next().value, record] as const).sort(([a], [b]) => a - b)
      const now = foldPublisher(u.PUBLISHER, records)
      const before = foldPublisher(u.PUBLISHER, asBefore(records))
      const grown = new CatalogueFold()
      for (const [, record] of shuffled) grown.add([record])
      expect(now.digest).toBe(before.digest)
      expect(seen(grown.publisher(u.PUBLISHER))).toEqual(seen(now))
      const whole = foldOf(records)
      for (const of of ['a', 'b', 'c']) expect(audienceOf(grown, of)).toEqual(audienceOf(whole, of))
    }),
  )
})

test('members are those of the last word of public feeds alone', () => {
  const root = u.rootFeed(u.delegateBody('a'), u.delegateBody('p', 'private'), u.delegateBody('l', 'listed'))
  const open = u.writerFeed('a', { ...member(1), name: 'one' }, member(2), member(1, true), member(3, true))
  const hidden = ['p', 'l'].map(name => u.writerFeed(name, member(9)))
  expect(Object.fromEntries(foldOf(root, open, ...hidden).membersOf(u.PUBLISHER))).toEqual({
    peer1: { name: 'one', isMember: false },
    peer2: { name: null, isMember: true },
    peer3: { name: null, isMember: false },
  })
})

test('no fork lets a removed member in again; a feed that is delegated later does', () => {
  const root = u.rootFeed(u.delegateBody('a'), u.delegateBody('b'))
  const feed = u.writerFeed('a', member(1), member(2), member(1, true))
  const rivals = [null, feed[0]!].map((prev, i) => u.writerRecord('a', prev, [member(3)], `rival ${i}`))
  const membersOf = (fold: CatalogueFold) =>
    [...fold.membersOf(u.PUBLISHER)].filter(([, { isMember }]) => isMember).map(([id]) => id)
  expect(membersOf(foldOf(root, feed))).toEqual([peer(2)])
  for (const rival of rivals) {
    const grown = foldOf(root, feed)
    expect(membersOf(grown)).toEqual([peer(2)])
    grown.add([rival])
    expect(grown.membersOf(u.PUBLISHER).get(peer(1))?.isMember).toBe(false)
    const whole = foldPublisher(u.PUBLISHER, [...root, rival, ...feed])
    expect(grown.publisher(u.PUBLISHER)?.members).toEqual(whole.members)
    grown.add(u.writerFeed('b', member(1)))
    expect(membersOf(grown)).toContain(peer(1))
  }
})
