import { expect, test } from 'vitest'
import { type Claim, GossipMachine } from '../../../src/federation/gossip/machine.ts'
import { type FeedId, type PeerId, type PublisherId, type RecordId, ROOT_FEED } from '../../../src/protocol/index.ts'

const peer = 'peer' as PeerId
const claim = (n: number, form: Claim['form'] = 'record', bytes = 500): Claim => ({
  publisher: 'acme' as PublisherId,
  feed: 'feed' as FeedId,
  seq: n,
  id: `record${n}` as RecordId,
  signer: '',
  form,
  bytes,
})

test('rejects what is too long or no announcement, and ignores a newer form', () => {
  const machine = new GossipMachine()
  expect(machine.arrived(peer, 'too long', 'unknown', 0)).toEqual({ is: 'reject', why: 'size' })
  expect(machine.arrived(peer, 'not an announcement', 'unknown', 0)).toEqual({ is: 'reject', why: 'shape' })
  expect(machine.arrived(peer, 'newer', 'unknown', 0)).toEqual({ is: 'ignore', why: 'newer' })
})

test('relays what it does not follow and stores nothing of it', () => {
  const machine = new GossipMachine()
  expect(machine.verified(claim(1), true, 'unknown', 0)).toEqual({ is: 'accept', next: 'nothing' })
  expect(machine.verified(claim(2), true, 'authorised', 0)).toEqual({ is: 'accept', next: 'store' })
  expect(machine.verified(claim(3, 'head'), true, 'authorised', 0)).toEqual({ is: 'accept', next: 'sync' })
})

test('knows a record only after its signature was good', () => {
  const machine = new GossipMachine()
  expect(machine.verified(claim(1), false, 'authorised', 0)).toEqual({ is: 'reject', why: 'signature' })
  expect(machine.arrived(peer, claim(1), 'authorised', 0)).toEqual({ is: 'verify' })
  machine.verified(claim(1), true, 'authorised', 0)
  expect(machine.arrived(peer, claim(1), 'authorised', 0)).toEqual({ is: 'ignore', why: 'known' })
})

test('gives a feed of an unknown publisher 20 announcements and 64 KiB a minute, which forgeries do not spend', () => {
  const machine = new GossipMachine()
  for (let i = 0; i < 50; i++) machine.verified(claim(i), false, 'unknown', 0)
  for (let i = 1; i <= 20; i++) machine.verified(claim(i), true, 'unknown', 0)
  expect(machine.arrived(peer, claim(21), 'unknown', 0)).toEqual({ is: 'ignore', why: 'feed over budget' })
  expect(machine.arrived(peer, claim(21), 'unknown', 60_000)).toEqual({ is: 'verify' })
  expect(machine.arrived(peer, claim(22, 'record', 65 * 1024), 'unknown', 120_000)).toMatchObject({ is: 'ignore' })
})

test('ignores a replay far behind the newest record of a feed', () => {
  const machine = new GossipMachine()
  machine.verified(claim(1000), true, 'authorised', 0)
  expect(machine.arrived(peer, claim(700), 'authorised', 0)).toEqual({ is: 'ignore', why: 'stale' })
  expect(machine.arrived(peer, claim(800), 'authorised', 0)).toEqual({ is: 'verify' })
})

test('forgeries that come do not spend what a followed publisher may say', () => {
  const machine = new GossipMachine()
  for (let i = 0; i < 1_500; i++) machine.arrived(peer, claim(i), 'authorised', 0)
  expect(machine.arrived('another' as PeerId, claim(1), 'authorised', 0)).toEqual({ is: 'verify' })
})

test('a stranger who signs feeds and root records of its own under a publisher spends nothing of what that one may say', () => {
  const machine = new GossipMachine()
  for (let i = 0; i < 20; i++) {
    const id = `strange${i}` as RecordId
    machine.verified({ ...claim(i), id, feed: 'of a stranger' as FeedId }, true, 'unknown', 0)
    machine.verified({ ...claim(i), id, feed: ROOT_FEED, signer: 'a stranger' }, true, 'unknown', 0)
  }
  expect(machine.arrived(peer, claim(1), 'unknown', 0)).toEqual({ is: 'verify' })
  expect(machine.arrived(peer, { ...claim(1), feed: ROOT_FEED, signer: 'its own' }, 'unknown', 0)).toEqual({
    is: 'verify',
  })
})

test.each(['unknown', 'followed'] as const)(
  'made-up feeds, %s, that one peer forwards leave room for authorised news of it',
  whose => {
    const machine = new GossipMachine()
    const madeUp = (n: number): Claim => ({
      ...claim(1),
      publisher: `p${n}` as PublisherId,
      id: `made up ${n}` as RecordId,
    })
    const said = { feed: 0, news: 0 }
    for (let ms = 0, n = 0; ms < 120_000; ms += 2) {
      if (machine.arrived(peer, madeUp(n++), whose, ms).is === 'verify') said.feed++
      if (ms % 1000 === 500 && machine.arrived(peer, claim(ms), 'authorised', ms).is === 'verify') said.news++
    }
    expect(said.feed).toBeLessThanOrEqual(3 * 600) // what is there at first, and two minutes
    expect(said.news).toBe(120)
  },
)
