import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { type BlockBroker, createHeliaLight, type Helia } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import { budgetBitswap, MAX_WANT_LIST_BYTES } from './bitswap-budget.ts'
import { libp2pOptionsOf, type Network, type NetworkOptions, type NetworkServices } from './network.ts'

/** What bitswap sends at once, bytes: blocks of a mebibyte. */
const MAX_ANSWER_BYTES = 4 << 20

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
  const connected: HeliaWithLibp2p<NetworkServices> = withLibp2pLight<Helia, NetworkServices>(
    light,
    libp2pOptionsOf(options),
  )
  // Mixins start in this order: libp2p is there, bitswap is not yet.
  connected.addMixin({
    name: 'bitswap-budget',
    start: () => budgetBitswap(connected.libp2p, options.onFlood ?? (() => {})),
  })
  const helia = withBitswap(connected, {
    maxIncomingMessageSize: MAX_WANT_LIST_BYTES,
    maxOutgoingMessageSize: MAX_ANSWER_BYTES,
  })
  await helia.start()
  return {
    libp2p: helia.libp2p as Network,
    helia,
    [Symbol.asyncDispose]: async () => {
      await helia.stop()
    },
  }
}
