import { expect, test } from 'vitest'
import { MAX_REFUSED_PEERS, REFUSED_MS, RefusedPeers, UNRELIABLE_MS } from '../../../src/node/network/refused-peers.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (n: number) => `peer ${n}` as PeerId

test('a refused peer stays out for a while, and from its last offence on', () => {
  const refused = new RefusedPeers()
  refused.refuse(peer(1), 0)
  expect(refused.isRefused(peer(1), REFUSED_MS - 1)).toBe(true)
  expect(refused.isRefused(peer(2), 0)).toBe(false)
  refused.refuse(peer(1), 1_000)
  expect(refused.isRefused(peer(1), REFUSED_MS)).toBe(true)
  expect(refused.isRefused(peer(1), REFUSED_MS + 1_000)).toBe(false)
})

test('an unreliable peer is back soon, one that broke the protocol is not let in by being unreliable too', () => {
  const refused = new RefusedPeers()
  refused.refuse(peer(1), 0, UNRELIABLE_MS)
  refused.refuse(peer(2), 0)
  refused.refuse(peer(2), 1_000, UNRELIABLE_MS)
  expect(refused.isRefused(peer(1), UNRELIABLE_MS - 1)).toBe(true)
  expect(refused.isRefused(peer(1), UNRELIABLE_MS)).toBe(false)
  expect(refused.isRefused(peer(2), REFUSED_MS - 1)).toBe(true)
})

test('strangers with many ids fill nothing, and push out those who may return soonest', () => {
  const refused = new RefusedPeers()
  refused.refuse(peer(0), 0)
  for (let n = 1; n <= MAX_REFUSED_PEERS; n++) refused.refuse(peer(n), 1, UNRELIABLE_MS)
  expect(refused.isRefused(peer(0), 1)).toBe(true)
  expect(refused.isRefused(peer(1), 1)).toBe(false)
  expect(refused.isRefused(peer(2), 1)).toBe(true)
})
