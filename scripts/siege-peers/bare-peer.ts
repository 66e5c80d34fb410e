import { randomBytes } from 'node:crypto'
import { createLibp2p } from 'libp2p'
import { libp2pOptionsOf, type Network } from '../../src/node/network/network.ts'
import { topicsOf } from '../../src/protocol/index.ts'

export const NET = 'main'
export const TOPIC = topicsOf(NET)[0]!

/** A peer with the transports, protocols and gossip settings of a node and nothing behind them. */
export async function startBarePeer(nodeSeed: Uint8Array = randomBytes(32)): Promise<Network> {
  const place = { listen: [], announce: [], mdns: false, peers: [], topics: topicsOf(NET) }
  return (await createLibp2p(libp2pOptionsOf({ net: NET, nodeSeed, mode: 'public', ...place }))) as Network
}
