import { expect, test } from 'vitest'
import { MAX_PEERS, MAX_REASONS, PeerLedger } from '../../../src/node/network/peer-ledger.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (name: string | number) => `peer ${name}` as PeerId

test('what passes with a peer adds up, and nobody else pays', () => {
  const ledger = new PeerLedger()
  ledger.received(peer('a'), 10)
  ledger.received(peer('a'), 5)
  ledger.sent(peer('a'), 7)
  ledger.over(peer('a'), 'paced')
  ledger.over(peer('a'), 'busy')
  ledger.refused(peer('a'), 'gossip signature')
  ledger.refused(peer('a'), 'gossip signature')
  expect(ledger.figuresOf(peer('a'))).toEqual({
    ...{ received: 15, sent: 7, paced: 1, busy: 1 },
    refusals: { 'gossip signature': 2 },
  })
  expect(ledger.figuresOf(peer('b'))).toEqual({ received: 0, sent: 0, paced: 0, busy: 0, refusals: {} })
})

test('a crowd of peers pushes out those that were silent longest', () => {
  const ledger = new PeerLedger()
  for (let i = 0; i < MAX_PEERS; i++) ledger.received(peer(i), 1)
  ledger.received(peer(0), 1)
  ledger.received(peer('new'), 1)
  expect([0, 1, 2, 'new'].map(name => ledger.figuresOf(peer(name)).received)).toEqual([2, 0, 1, 1])
})

test('the reasons of one peer are bounded', () => {
  const ledger = new PeerLedger()
  for (let i = 0; i < 2 * MAX_REASONS; i++) ledger.refused(peer('a'), `reason ${i}`)
  const { refusals } = ledger.figuresOf(peer('a'))
  expect([Object.keys(refusals).length, refusals.other]).toEqual([MAX_REASONS + 1, MAX_REASONS])
})
