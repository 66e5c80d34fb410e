import { randomBytes } from 'node:crypto'
import { createLibp2p } from 'libp2p'
import { expect, test } from 'vitest'
import { connectedFigures } from '../../../src/node/network/connected-figures.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { PeerLedger } from '../../../src/node/network/peer-ledger.ts'

async function startLibp2p(): Promise<Network> {
  const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, peers: [], topics: ['t'] }
  return (await createLibp2p(
    libp2pOptionsOf({ net: 'main', nodeSeed: randomBytes(32), mode: 'public', ...place }),
  )) as Network
}

test('a connection has a latency soon after it began, at both ends', { timeout: 60_000 }, async () => {
  const [here, there] = await Promise.all([startLibp2p(), startLibp2p()])
  try {
    await here.dial(there.getMultiaddrs())
    for (const [node, direction] of [
      [here, 'outbound'],
      [there, 'inbound'],
    ] as const) {
      const figures = () => connectedFigures(node, new PeerLedger())
      await expect.poll(() => figures().map(each => typeof each.latencyMs), { timeout: 50_000 }).toEqual(['number'])
      expect(figures()).toMatchObject([{ direction, isRelayed: false }])
    }
  } finally {
    await here.stop()
    await there.stop()
  }
})
