import type { BlockId, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Peers believed of one publisher that says who holds another's bytes: a company has a few mirrors, and who lies gains no more. */
const MAX_STATED_BY_ONE = 4
/** Peers believed of all together. */
const MAX_STATED = 16

/**
 * Peers that are signed to keep a publisher's bytes: by the publisher itself, then by those that this node has a relation with, then
 * by others; blocked publishers are not heard. With a CID, also peers that are signed to hold those bytes alone. This node itself
 * is not among them.
 */
export function statedHoldersOf(node: NodeContext, publisher: PublisherId, cid?: BlockId): readonly PeerId[] {
  const { catalogue } = node.library
  const self = node.libp2p.peerId.toString()
  const connected = new Set(node.connectedPeers())
  const speakers = catalogue.publishers().filter(id => !node.relations.relationOf(id).block)
  const ranked = speakers.toSorted((a, b) => rankOf(node, publisher, a) - rankOf(node, publisher, b))
  const stated = new Set<PeerId>()
  for (const id of ranked) {
    const held = (catalogue.publisher(id)?.holds ?? []).filter(
      ({ publishers, cids }) => publishers.has(publisher) || (cid !== undefined && cids.has(cid)),
    )
    const peers = held.map(({ peer }) => peer).filter(peer => peer !== self)
    const inReach = peers.toSorted((a, b) => Number(connected.has(b)) - Number(connected.has(a)))
    for (const peer of inReach.slice(0, MAX_STATED_BY_ONE)) stated.add(peer)
    if (stated.size >= MAX_STATED) break
  }
  return [...stated].slice(0, MAX_STATED)
}

function rankOf({ writer, relations }: NodeContext, publisher: PublisherId, speaker: PublisherId): number {
  if (speaker === publisher) return 0
  if (speaker === writer.publisher) return 1
  const { follow, allow, mirror } = relations.relationOf(speaker)
  if (allow !== 'none' || mirror) return 2
  return follow ? 3 : 4
}
