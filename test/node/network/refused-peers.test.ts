import { expect, test } from 'vitest'
import { MAX_REFUSED_PEERS, REFUSED_MS, RefusedPeers } from '../../../src/node/network/refused-peers.ts'
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

test('strangers with many ids push out the oldest, and fill nothing', () => {
  const refused = new RefusedPeers()
  for (let n = 0; n <= MAX_REFUSED_PEERS; n++) refused.refuse(peer(n), 0)
  expect(refused.isRefused(peer(0), 0)).toBe(false)
  expect(refused.isRefused(peer(1), 0)).toBe(true)
})
