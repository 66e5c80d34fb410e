import { randomBytes } from 'node:crypto'
import { createLibp2p } from 'libp2p'
import { expect, test, vi } from 'vitest'
import { Standing, systemClock } from '../../../src/federation/index.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { type PeerId, topicsOf } from '../../../src/protocol/index.ts'

const [TOPIC] = topicsOf('main') as [string]
const WAIT = { timeout: 20_000, interval: 100 }

test('a peer that offends on another stream loses its place in the mesh, and none else does', async () => {
  await using stack = new AsyncDisposableStack()
  const standing = new Standing()
  const start = async (): Promise<Network> => {
    const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, topics: [TOPIC] }
    const scoreOf = (peer: PeerId) => standing.scoreOf(peer, systemClock.now())
    const options = { net: 'main', nodeSeed: randomBytes(32), mode: 'public' as const, ...place, scoreOf }
    const libp2p = (await createLibp2p(libp2pOptionsOf(options))) as Network
    stack.defer(() => libp2p.stop())
    libp2p.services.pubsub.subscribe(TOPIC)
    return libp2p
  }
  const [node, bad, good] = [await start(), await start(), await start()]
  for (const peer of [bad, good]) await peer.dial(node.getMultiaddrs())
  const [badId, goodId] = [bad, good].map(({ peerId }) => peerId.toString() as PeerId) as [PeerId, PeerId]
  const pubsub = node.services.pubsub as unknown as { getMeshPeers(topic: string): readonly string[] }
  const mesh = () => pubsub.getMeshPeers(TOPIC).toSorted()
  await vi.waitFor(() => expect(mesh()).toEqual([badId, goodId].toSorted()), WAIT)
  standing.did('offence', badId, systemClock.now())
  await vi.waitFor(() => expect(mesh()).toEqual([goodId]), WAIT)
})
