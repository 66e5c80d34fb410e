import type { ConnectedPeers, Identified } from './connected-peers.ts'
import type { PeerBook } from './peer-book.ts'

/**
 * Fills the peer book with peers of this network, as soon as they said so: who is of another one is waited for in vain. Addresses that this node dialled lead to the peer; what a peer that came here says of itself is kept apart,
 * so that a node whose own address changed with a restart finds back to those who only ever dialled it.
 */
export function rememberPeers(connected: ConnectedPeers, book: PeerBook): Disposable {
  const listening = new DisposableStack()
  listening.defer(connected.onIdentify(said => said.isOfNetwork && remember(said, book)))
  return listening
}

function remember({ peer, direction, addresses, cameFrom }: Identified, book: PeerBook): void {
  const reachable = reachableOf(addresses, cameFrom)
  if (direction === 'outbound') book.connected({ peer, addresses: [cameFrom] })
  else if (reachable.length > 0) book.told({ peer, addresses: reachable })
}

const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/)/

/** A loopback address of another machine leads to this one. */
function reachableOf(addresses: readonly string[], cameFrom: string): readonly string[] {
  return LOOPBACK.test(cameFrom) ? addresses : addresses.filter(address => !LOOPBACK.test(address))
}
