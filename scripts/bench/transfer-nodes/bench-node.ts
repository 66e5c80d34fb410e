import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { createHeliaLight, type Helia } from 'helia'
import { libp2pOptionsOf, type Network, type NetworkServices } from '../../../src/node/network/network.ts'

export interface BenchNode extends AsyncDisposable {
  readonly libp2p: Network
  readonly helia: Helia
}

/** libp2p as a node runs it, with bitswap over blocks in memory; number 0 is the one that fetches. */
export async function startBenchNode(number: number): Promise<BenchNode> {
  const options = libp2pOptionsOf({
    net: 'bench',
    nodeSeed: Buffer.alloc(32).fill(`hanse transfer ${number} `),
    mode: 'public',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    mdns: false,
    topics: [],
  })
  const light = createHeliaLight()
  const helia: HeliaWithLibp2p<NetworkServices> = withBitswap(withLibp2pLight<Helia, NetworkServices>(light, options))
  await helia.start()
  return {
    libp2p: helia.libp2p as Network,
    helia,
    [Symbol.asyncDispose]: async () => {
      await helia.stop()
    },
  }
}
