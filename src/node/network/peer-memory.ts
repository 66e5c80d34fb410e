import type { ConnectedPeers } from './connected-peers.ts'
import type { PeerBook } from './peer-book.ts'

/**
 * Fills the peer book. Addresses that this node dialled lead to the peer; what a peer that came here says of itself is kept apart,
 * so that a node whose own address changed with a restart finds back to those who only ever dialled it.
 */
export function rememberPeers(connected: ConnectedPeers, book: PeerBook): Disposable {
  const listening = new DisposableStack()
  listening.defer(
    connected.onConnect((peer, direction, address) => {
      if (direction === 'outbound') book.connected({ peer, addresses: [address] })
    }),
  )
  listening.defer(
    connected.onIdentify(({ peer, direction, addresses, cameFrom }) => {
      const reachable = reachableOf(addresses, cameFrom)
      if (direction === 'inbound' && reachable.length > 0) book.told({ peer, addresses: reachable })
    }),
  )
  return listening
}

const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/)/

/** A loopback address of another machine leads to this one. */
function reachableOf(addresses: readonly string[], cameFrom: string): readonly string[] {
  return LOOPBACK.test(cameFrom) ? addresses : addresses.filter(address => !LOOPBACK.test(address))
}
