import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'

/** Connected peers that say of themselves that they mirror a publisher, by publisher: 64 publishers of each at most. */
export type ClaimedMirrors = ReadonlyMap<PublisherId, readonly PeerId[]>

/** What the signed node records of connected peers claim. Anybody may say so: it proves no copy and counts as none. */
export function claimedMirrors(node: NodeContext): ClaimedMirrors {
  const now = Date.now()
  const claims = new Map<PublisherId, PeerId[]>()
  for (const peer of node.connectedPeers()) {
    for (const publisher of node.recordOf(peer)?.mirrors ?? []) {
      if (isFoundWanting(node, publisher, peer, now)) continue
      const peers = claims.get(publisher) ?? []
      claims.set(publisher, peers)
      if (!peers.includes(peer)) peers.push(peer)
    }
  }
  return claims
}
