import type { PeerId } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'

/** How long `peer add` waits for the connection; ms. */
const DIAL_WAIT_MS = 10_000

/** Connected and pinned peers. */
export async function listPeers(node: NodeContext): Promise<object[]> {
  const connected = node.libp2p.getConnections().map(connection => ({
    id: connection.remotePeer.toString(),
    addresses: [connection.remoteAddr.toString()],
    direction: connection.direction,
    connected: true,
    pinned: node.peers.isPinned(connection.remotePeer.toString() as PeerId),
  }))
  const ids = new Set(connected.map(({ id }) => id))
  const away = node.peers
    .all(true)
    .filter(({ peer }) => !ids.has(peer))
    .map(({ peer, addresses }) => ({ id: peer, addresses, direction: null, connected: false, pinned: true }))
  return [...connected, ...away]
}

/** Pins a peer and dials it. @throws NodeError E_MULTIADDR, E_NETWORK */
export async function addPeer(node: NodeContext, text: string): Promise<object> {
  const address = parsePeerAddress(text)
  if (address === null) {
    throw new NodeError('E_MULTIADDR', `${text.slice(0, 120)} is not a multiaddr with a peer id`, {
      hint: '/ip4/192.0.2.1/tcp/7701/p2p/12D3KooW…, as hanse status prints it',
    })
  }
  await node.peers.pin(address)
  await node.audit.append({ at: Date.now(), who: 'api', what: 'peer.add', peer: address.peer })
  const connected = await node.dial(address, AbortSignal.timeout(DIAL_WAIT_MS))
  return { id: address.peer, addresses: address.addresses, connected }
}

/** Unpins a peer and hangs up. @throws NodeError E_NOT_FOUND */
export async function removePeer(node: NodeContext, peer: string): Promise<object> {
  const known = await node.peers.remove(peer as PeerId)
  if (!known)
    throw new NodeError('E_NOT_FOUND', `${peer.slice(0, 80)} is not in the peer book`, { hint: 'hanse peer list' })
  await node.audit.append({ at: Date.now(), who: 'api', what: 'peer.remove', peer })
  await node.hangUp(peer as PeerId)
  return { id: peer, removed: true }
}
