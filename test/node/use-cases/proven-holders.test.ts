import { expect, test } from 'vitest'
import { ProvenHolders } from '../../../src/node/use-cases/proven-holders.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'

test('eight peers a publisher and 256 publishers are remembered for an hour, those heard of last', () => {
  const proven = new ProvenHolders()
  const publishers = Array.from({ length: 300 }, (_, i) => `publisher${i}` as PublisherId)
  const peers = Array.from({ length: 10 }, (_, i) => `peer${i}` as PeerId)
  for (const publisher of publishers) for (const peer of peers) proven.add(publisher, peer, 0)
  expect(publishers.filter(publisher => proven.of(publisher, 1).length > 0)).toEqual(publishers.slice(-256))
  expect(proven.of(publishers[299]!, 1)).toEqual(peers.slice(2))
  expect(proven.of(publishers[299]!, 3_600_000)).toEqual([])
})
