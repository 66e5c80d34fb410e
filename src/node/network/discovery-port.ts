import { randomBytes } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { DialError, type DiscoveryNetwork } from '../../federation/index.ts'
import { cidOf, type PeerId } from '../../protocol/index.ts'
import { dialFailureOf } from './dial-failure-of.ts'
import type { Network } from './network.ts'

/** libp2p as the peer keeper sees it. */
export function discoveryPortOf(libp2p: Network): DiscoveryNetwork {
  return {
    async dial({ peer, addresses }, { signal }) {
      const target =
        addresses.length > 0 ? addresses.map(address => multiaddr(withPeer(address, peer))) : peerIdFromString(peer)
      await libp2p.dial(target, { signal }).catch(cause => {
        throw new DialError(dialFailureOf(cause), { cause })
      })
    },
    async hangUp(peer) {
      await libp2p.hangUp(peerIdFromString(peer)).catch(() => {})
    },
    onConnect: listener => libp2p.services.connectedPeers.onConnect(listener),
    onDisconnect: listener => libp2p.services.connectedPeers.onDisconnect(listener),
    async *findProviders(publisher, { signal }) {
      for await (const { id, multiaddrs } of libp2p.contentRouting.findProviders(cidOf(publisher), { signal })) {
        yield { peer: id.toString() as PeerId, addresses: multiaddrs.map(String) }
      }
    },
    async *walk({ signal }) {
      for await (const { id, multiaddrs } of libp2p.peerRouting.getClosestPeers(randomBytes(32), { signal })) {
        yield { peer: id.toString() as PeerId, addresses: multiaddrs.map(String) }
      }
    },
    async provide(publisher, { signal }) {
      await libp2p.contentRouting.provide(cidOf(publisher), { signal })
    },
  }
}

function withPeer(address: string, peer: PeerId): string {
  return address.endsWith(`/p2p/${peer}`) ? address : `${address}/p2p/${peer}`
}

/** The peer and address of a multiaddr that ends in /p2p/ID, or null. */
export function parsePeerAddress(
  text: string,
): { readonly peer: PeerId; readonly addresses: readonly string[] } | null {
  try {
    const peer = multiaddr(text)
      .getComponents()
      .findLast(({ name }) => name === 'p2p')?.value
    return peer === undefined ? null : { peer: peerIdFromString(peer).toString() as PeerId, addresses: [text] }
  } catch {
    return null
  }
}
