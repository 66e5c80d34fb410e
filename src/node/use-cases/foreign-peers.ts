import type { PeerId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

type Connected = Pick<NodeContext, 'libp2p' | 'net'>

/** Why a connected peer counts as none: `CODE: words`, or null. */
export function foreignWhy({ libp2p, net }: Connected, peer: PeerId): string | null {
  if (!libp2p.services.connectedPeers.isForeign(peer)) return null
  return `E_OTHER_NETWORK: it speaks no protocol of network ${net}: it is made for another one (network.id), or no Hanse node`
}

/** What is wrong with the connections: a sentence while every connected peer is of another network, else null. */
export function foreignProblem(node: Connected & Pick<NodeContext, 'connectedPeers'>): string | null {
  const [first] = node.libp2p.getPeers()
  if (first === undefined || node.connectedPeers().length > 0) return null
  const why = foreignWhy(node, first.toString() as PeerId)
  return why && `no connected peer is of use: ${why} (${first})`
}
