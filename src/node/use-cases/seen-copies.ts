import type { BlockId, PeerId, PublisherId } from '../../protocol/index.ts'
import type { SeenCopies } from '../library/copy-book.ts'
import type { NodeContext } from '../node-context.ts'

/** Peers believed of one publisher that says who holds what: connected ones first; who lies gains no more. */
const MAX_HOLDERS_BY_ONE = 4
/** Peers looked at of all together. */
const MAX_HOLDERS_SEEN = 256

/** A peer that somebody signed to hold bytes of a publisher, all or some. */
export interface StatedCopies {
  readonly peer: PeerId
  readonly isWhole: boolean
  readonly cids: ReadonlySet<BlockId>
  /** Whether the word is that of the publisher itself, of this node, or of one that somebody chose here. */
  readonly isChosen: boolean
}

/** Who is signed to hold bytes of a publisher, with what they are signed to hold; blocked publishers are not heard. */
export function statedCopiesOf(node: NodeContext, publisher: PublisherId): readonly StatedCopies[] {
  const { catalogue } = node.library
  const self = node.libp2p.peerId.toString()
  const connected = new Set(node.connectedPeers())
  const isChosen = (speaker: PublisherId): boolean =>
    [publisher, node.writer.publisher].includes(speaker) || node.relations.relationOf(speaker).follow
  const speakers = catalogue.publishers().filter(id => !node.relations.relationOf(id).block)
  const found = new Map<PeerId, StatedCopies>()
  for (const speaker of speakers.toSorted((a, b) => Number(isChosen(b)) - Number(isChosen(a)))) {
    const stated = (catalogue.publisher(speaker)?.holds ?? []).filter(
      ({ peer, publishers, cids }) => peer !== self && (publishers.has(publisher) || cids.size > 0),
    )
    const inReach = stated.toSorted((a, b) => Number(connected.has(b.peer)) - Number(connected.has(a.peer)))
    for (const { peer, publishers, cids } of inReach.slice(0, MAX_HOLDERS_BY_ONE)) {
      const isWhole = publishers.has(publisher)
      const known = found.get(peer)
      // Of two speakers the chosen one was heard first; a whole mirror is said by either.
      if (known === undefined || (isWhole && !known.isWhole && known.isChosen === isChosen(speaker)))
        found.set(peer, { peer, isWhole, cids: cids as ReadonlySet<BlockId>, isChosen: isChosen(speaker) })
      if (found.size >= MAX_HOLDERS_SEEN) return [...found.values()]
    }
  }
  return [...found.values()]
}

/**
 * The holders to count on: not those asked in vain of late, that failed their last check, or that were not met for a day; and on
 * the word of somebody whom nobody chose here, only those that passed a check. Whoever lies about copies so takes few away.
 */
export function seenCopiesOf(node: NodeContext, publisher: PublisherId): SeenCopies {
  const now = Date.now()
  const connected = node.connectedPeers()
  node.holders.met(connected, now)
  const isFound = (peer: PeerId): boolean => {
    const outcome = node.holders.of(publisher, peer)?.outcome ?? 'held'
    return outcome === 'held' && !node.absent.has(publisher, peer, now)
  }
  const counted = statedCopiesOf(node, publisher).filter(
    ({ peer, isChosen }) =>
      isFound(peer) &&
      !node.holders.isForgotten(publisher, peer, now) &&
      (isChosen || node.holders.of(publisher, peer) !== null),
  )
  const isMirror = (peer: PeerId) => node.recordOf(peer)?.mirrors.includes(publisher) ?? false
  return {
    whole: counted.filter(({ isWhole }) => isWhole).map(({ peer }) => peer),
    partial: new Map(counted.filter(({ isWhole }) => !isWhole).map(({ peer, cids }) => [peer, cids])),
    mirrors: connected.filter(peer => isMirror(peer) && isFound(peer)),
  }
}
