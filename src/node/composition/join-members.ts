import type { DiscoveryDriver } from '../../federation/index.ts'
import type { MemberState, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import type { Exchange } from './exchange.ts'

/** The publisher that signs who belongs to this private network. */
export function authorityOf({ config: { network } }: NodeContext): PublisherId | null {
  return network.mode === 'private' && network.authority !== undefined ? (network.authority as PublisherId) : null
}

/** As the authority's word comes: whoever belongs to the network no more is hung up on, and who newly does is dialled at once. */
export function keepMembers(node: NodeContext, exchange: Exchange, discovery: DiscoveryDriver): () => void {
  const authority = authorityOf(node)
  if (authority === null) return () => {}
  let members: ReadonlyMap<PeerId, MemberState> = node.library.catalogue.membersOf(authority)
  return node.library.onChange(records => {
    if (!records.some(({ publisher }) => publisher === authority)) return
    const before = members
    members = node.library.catalogue.membersOf(authority)
    if (members === before) return
    for (const peer of exchange.connections.all())
      if (!exchange.membership.admits(peer)) void exchange.connections.hangUp(peer)
    for (const [peer, { isMember }] of members)
      if (isMember && before.get(peer)?.isMember !== true) discovery.hasten(peer)
  })
}
