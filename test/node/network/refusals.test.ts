import { expect, test } from 'vitest'
import { PeerLedger } from '../../../src/node/network/peer-ledger.ts'
import { Refusals } from '../../../src/node/network/refusals.ts'
import { REFUSED_MS, UNRELIABLE_MS } from '../../../src/node/network/refused-peers.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [PEER, OTHER] = ['peer', 'other'] as PeerId[] as [PeerId, PeerId]

function refusalsAt(nowMs: number) {
  const ledger = new PeerLedger()
  const counted: string[] = []
  const ended: PeerId[] = []
  const refusals = new Refusals({
    ...{ ledger, now: () => nowMs },
    count: why => counted.push(why),
    hangUp: peer => ended.push(peer),
  })
  return { refusals, ledger, counted, ended }
}

test('who sent what no honest peer sends is counted, hung up on, kept out, and stands lower when it comes back', () => {
  const { refusals, ledger, counted, ended } = refusalsAt(1_000)
  refusals.offended(PEER, 'frame-malformed')
  expect([counted, ledger.figuresOf(PEER).refusals, ended]).toEqual([
    ['frame-malformed'],
    { 'frame-malformed': 1 },
    [PEER],
  ])
  expect(refusals.isRefused(PEER, REFUSED_MS + 999)).toBe(true)
  expect(refusals.isRefused(PEER, REFUSED_MS + 1_000)).toBe(false)
  expect(refusals.scoreOf(PEER, REFUSED_MS + 1_000)).toBeLessThan(0)
  expect([refusals.isRefused(OTHER, 1_000), refusals.scoreOf(OTHER, 1_000)]).toEqual([false, 0])
})

test('who only did not keep its offers may come back sooner, and stands less low', () => {
  const { refusals, counted, ended } = refusalsAt(0)
  refusals.offended(OTHER, 'frame-malformed')
  refusals.unreliable(PEER, 'silent')
  expect([counted, ended]).toEqual([
    ['frame-malformed', 'silent'],
    [OTHER, PEER],
  ])
  expect([PEER, OTHER].map(each => refusals.isRefused(each, UNRELIABLE_MS))).toEqual([false, true])
  expect(refusals.scoreOf(PEER, 0)).toBeLessThan(0)
  expect(refusals.scoreOf(PEER, 0)).toBeGreaterThan(refusals.scoreOf(OTHER, 0))
})
