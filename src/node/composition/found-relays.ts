import type { PeerAddress } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'
import type { Network } from '../network/network.ts'
import type { Federation } from './join-network.ts'

/**
 * Relays for a node that names none and that peers could not dial: those that it is connected with and that say they are some, its own
 * choice of peers first. Nobody is dialled for that.
 */
export function foundRelays(libp2p: Network, { records, dialBacks }: Federation): readonly PeerAddress[] {
  if (dialBacks.reachability.state !== 'no') return []
  const direct = libp2p.getConnections().filter(({ limits }) => limits === undefined)
  const peers = [...new Set(direct.map(({ remotePeer }) => remotePeer.toString() as PeerId))]
  const isDialled = (peer: PeerId) => records.book.howMet(peer) === 'dialled'
  return peers
    .filter(peer => records.book.of(peer)?.roles.includes('relay'))
    .toSorted((a, b) => Number(isDialled(b)) - Number(isDialled(a)))
    .map(peer => ({ peer, addresses: [] }))
}

/** Whether relays are looked for that nobody named: where `announce` says all that is told, no place at one would be. */
export function mayFindRelays({ relays, announce, findRelays }: Config['network']): boolean {
  return findRelays && relays.length === 0 && announce.length === 0
}
