import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../protocol/index.ts'
import type { Network } from './network.ts'
import type { PeerBook } from './peer-book.ts'

/**
 * Fills the peer book. Addresses that this node dialled lead to the peer; what a peer that came here says of itself is kept apart,
 * so that a node whose own address changed with a restart finds back to those who only ever dialled it.
 */
export function rememberPeers(libp2p: Network, book: PeerBook): Disposable {
  const listening = new AbortController()
  libp2p.addEventListener(
    'peer:connect',
    ({ detail }) => {
      const dialled = libp2p
        .getConnections(peerIdFromString(detail.toString()))
        .filter(({ direction }) => direction === 'outbound')
      const addresses = dialled.map(({ remoteAddr }) => remoteAddr.toString())
      if (addresses.length > 0) book.connected({ peer: detail.toString() as PeerId, addresses })
    },
    { signal: listening.signal },
  )
  libp2p.addEventListener(
    'peer:identify',
    ({ detail: { peerId, listenAddrs, connection } }) => {
      const addresses = reachableOf(listenAddrs.map(String), connection.remoteAddr.toString())
      if (connection.direction === 'inbound' && addresses.length > 0)
        book.told({ peer: peerId.toString() as PeerId, addresses })
    },
    { signal: listening.signal },
  )
  return { [Symbol.dispose]: () => listening.abort() }
}

const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/)/

/** A loopback address of another machine leads to this one. */
function reachableOf(addresses: readonly string[], cameFrom: string): readonly string[] {
  return LOOPBACK.test(cameFrom) ? addresses : addresses.filter(address => !LOOPBACK.test(address))
}
