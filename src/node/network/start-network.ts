import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { type BlockBroker, createHeliaLight, type Helia } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import { BITSWAP, bitswapBudget } from './bitswap-budget.ts'
import { libp2pOptionsOf, type Network, type NetworkOptions, type NetworkServices } from './network.ts'

/** A running network: libp2p, and Helia over it. */
export interface RunningNetwork extends AsyncDisposable {
  readonly libp2p: Network
  readonly helia: Helia
}

/**
 * Starts libp2p and Helia. `blocks` is all that bitswap can reach: a view that holds public blocks alone.
 * Light Helia: the full one brings HTTP gateways and WebRTC.
 */
export async function startNetwork(
  options: NetworkOptions,
  blocks: Blockstore,
  broker: BlockBroker,
): Promise<RunningNetwork> {
  const light = createHeliaLight({ blockstore: blocks, blockBrokers: [broker] })
  const helia: HeliaWithLibp2p<NetworkServices> = withBitswap(
    withLibp2pLight<Helia, NetworkServices>(light, await libp2pOptionsOf(options)),
  )
  await helia.start()
  helia.libp2p.use(
    BITSWAP,
    bitswapBudget(options.onFlood ?? (() => {}), () => performance.now()),
  )
  return {
    libp2p: helia.libp2p as Network,
    helia,
    [Symbol.asyncDispose]: async () => {
      await helia.stop()
    },
  }
}
