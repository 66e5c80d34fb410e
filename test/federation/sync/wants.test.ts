import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { PeerOffers } from '../../../src/federation/sync/peer-offers.ts'
import { Want, WantedFeed } from '../../../src/federation/sync/want.ts'
import { Wants } from '../../../src/federation/sync/wants.ts'
import type { FeedHead, FeedId, PeerId, PublisherId, RecordId } from '../../../src/protocol/index.ts'

const peer = 'peer' as PeerId
const head = (publisher: number, feed: string, tip = '', seq = 1): FeedHead => ({
  publisher: `publisher ${publisher}` as PublisherId,
  feed: feed as FeedId,
  seq,
  id: `${publisher} ${feed} ${tip} ${seq}` as RecordId,
})

test('a peer is asked for what a look at all that it offers would find', () => {
  const offered = fc.record({
    publisher: fc.nat(4),
    feed: fc.constantFrom('root', 'a', 'b'),
    seq: fc.integer({ min: 1, max: 3 }),
    failures: fc.nat(2),
    asked: fc.nat(2),
    more: fc.nat(2),
    mayBeAsked: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.uniqueArray(offered, { maxLength: 14, selector: each => JSON.stringify(each) }), all => {
      const feeds = new Map<string, WantedFeed>()
      const askable = new Set<Want>()
      const offers = new PeerOffers()
      const wants = all.map((each, i) => {
        const key = `${each.publisher}/${each.feed}`
        const feed = feeds.get(key) ?? new WantedFeed()
        feeds.set(key, feed)
        const want = new Want(head(each.publisher, each.feed, String(i), each.seq), feed, false)
        feed.wants.set(String(i), want)
        want.failures = each.failures
        for (let n = 0; n < each.asked; n++) want.askedOf.add(`other ${n}` as PeerId)
        for (let n = 0; n <= each.more; n++) want.offeredBy.add(`other ${n}` as PeerId)
        if (each.mayBeAsked) askable.add(want)
        offers.add(want)
        return want
      })
      let naive: Want | null = null
      for (const want of wants) if (askable.has(want) && (naive === null || want.precedes(naive))) naive = want
      expect(offers.first(want => askable.has(want))).toBe(naive)
      expect([offers.size, new Set(offers.all())]).toEqual([wants.length, new Set(wants)])
    }),
  )
})

test('to ask a peer for all that it offers takes looks in proportion, not one at each for each', () => {
  const wants = new Wants()
  const publishers = 600
  for (let n = 0; n < publishers; n++)
    for (const feed of ['root', 'a', 'b']) expect(wants.offer(head(n, feed), false, peer)).toBe(true)
  const looks = vi.spyOn(Want.prototype, 'isUnpreceded', 'get')
  const picked: string[] = []
  for (let want = wants.pickFor(peer); want !== null; want = wants.pickFor(peer)) {
    want.asked(peer)
    picked.push(want.head.feed)
    want.answered(peer)
    wants.done(want)
  }
  expect(picked.slice(0, publishers)).toEqual(Array.from({ length: publishers }, () => 'root'))
  expect(picked).toHaveLength(3 * publishers)
  expect(looks.mock.calls.length).toBeLessThan(4 * publishers)
  looks.mockRestore()
})
