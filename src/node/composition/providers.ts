import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { discoveryPortOf } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import { statedHoldersOf } from '../use-cases/holders.ts'

/** How long the DHT may take to name a holder; ms. */
const DHT_LOOKUP_MS = 5_000

/** Peers that may have a publisher's bytes: pinned ones and those that signed that they hold them, other connected ones, the DHT last. */
export async function* providersOf(
  node: NodeContext,
  publisher: PublisherId,
  signal: AbortSignal,
): AsyncGenerator<PeerId> {
  const connected = node.connectedPeers()
  const stated = statedHoldersOf(node, publisher)
  yield* connected.filter(peer => node.peers.isPinned(peer) || stated.includes(peer))
  yield* connected
  yield* stated
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DHT_LOOKUP_MS)])
    for await (const found of discoveryPortOf(node.libp2p).findProviders(publisher, { signal: limit })) {
      const isSelf = found.peer === node.libp2p.peerId.toString()
      if (!isSelf && (await node.dial(found, limit))) yield found.peer
    }
  } catch {
    // The DHT is the last resort: what it does not answer in time nobody has.
  }
}
