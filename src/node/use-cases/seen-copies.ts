import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { SeenCopies } from '../library/copy-book.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'
import { statedCopiesOf } from './stated-holders.ts'

/**
 * The holders to count on: not those asked in vain of late, that failed their last check, or that were not met for a day; and on
 * the word of somebody whom nobody chose here, only those that passed a check. Whoever lies about copies so takes few away.
 */
export function seenCopiesOf(node: NodeContext, publisher: PublisherId): SeenCopies {
  const now = Date.now()
  const connected = node.connectedPeers()
  node.holders.met(connected, now)
  const isFound = (peer: PeerId): boolean => !isFoundWanting(node, publisher, peer, now)
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
