import { expect, test } from 'vitest'
import { type Claim, GossipMachine } from '../../../src/federation/gossip/machine.ts'
import type { FeedId, PeerId, PublisherId, RecordId } from '../../../src/protocol/index.ts'

const peer = 'peer' as PeerId
const claim = (n: number, form: Claim['form'] = 'record', bytes = 500): Claim => ({
  publisher: 'acme' as PublisherId,
  feed: 'feed' as FeedId,
  seq: n,
  id: `record${n}` as RecordId,
  form,
  bytes,
})

test('rejects what is too long or no announcement, and ignores a newer form', () => {
  const machine = new GossipMachine()
  expect(machine.arrived(peer, 'too long', false, 0)).toEqual({ is: 'reject', why: 'size' })
  expect(machine.arrived(peer, 'not an announcement', false, 0)).toEqual({ is: 'reject', why: 'shape' })
  expect(machine.arrived(peer, 'newer', false, 0)).toEqual({ is: 'ignore', why: 'newer' })
})

test('relays what it does not follow and stores nothing of it', () => {
  const machine = new GossipMachine()
  expect(machine.verified(claim(1), true, false, 0)).toEqual({ is: 'accept', next: 'nothing' })
  expect(machine.verified(claim(2), true, true, 0)).toEqual({ is: 'accept', next: 'store' })
  expect(machine.verified(claim(3, 'head'), true, true, 0)).toEqual({ is: 'accept', next: 'sync' })
})

test('knows a record only after its signature was good', () => {
  const machine = new GossipMachine()
  expect(machine.verified(claim(1), false, true, 0)).toEqual({ is: 'reject', why: 'signature' })
  expect(machine.arrived(peer, claim(1), true, 0)).toEqual({ is: 'verify' })
  machine.verified(claim(1), true, true, 0)
  expect(machine.arrived(peer, claim(1), true, 0)).toEqual({ is: 'ignore', why: 'known' })
})

test('gives an unknown publisher 20 announcements and 64 KiB a minute, which forgeries do not spend', () => {
  const machine = new GossipMachine()
  for (let i = 0; i < 50; i++) machine.verified(claim(i), false, false, 0)
  for (let i = 1; i <= 20; i++) machine.verified(claim(i), true, false, 0)
  expect(machine.arrived(peer, claim(21), false, 0)).toEqual({ is: 'ignore', why: 'publisher over budget' })
  expect(machine.arrived(peer, claim(21), false, 60_000)).toEqual({ is: 'verify' })
  expect(machine.arrived(peer, claim(22, 'record', 65 * 1024), false, 120_000)).toMatchObject({ is: 'ignore' })
})

test('ignores a replay far behind the newest record of a feed', () => {
  const machine = new GossipMachine()
  machine.verified(claim(1000), true, true, 0)
  expect(machine.arrived(peer, claim(700), true, 0)).toEqual({ is: 'ignore', why: 'stale' })
  expect(machine.arrived(peer, claim(800), true, 0)).toEqual({ is: 'verify' })
})

test('forgeries that come do not spend what a followed publisher may say', () => {
  const machine = new GossipMachine()
  for (let i = 0; i < 1_500; i++) machine.arrived(peer, claim(i), true, 0)
  expect(machine.arrived('another' as PeerId, claim(1), true, 0)).toEqual({ is: 'verify' })
})
