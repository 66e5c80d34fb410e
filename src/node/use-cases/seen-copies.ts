import { MAX_NODE_MIRRORS, type NodeRecord, type PeerId, type PublisherId } from '../../protocol/index.ts'
import type { SeenCopies } from '../library/copy-book.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'
import { statedCopiesOf } from './stated-holders.ts'

/** Age, ms, of a node record whose node is there: it is signed anew every twelve hours. */
const ALIVE_MS = 24 * 60 * 60_000

/**
 * The holders to count on: not those asked in vain of late, that failed their last check, or that for a day neither were met nor signed
 * a node record; and on the word of somebody whom nobody chose here, only those that passed a check. Whoever lies about copies so takes
 * few away. Of a large federation a node meets few: mirrors that share what is missing are those that anybody met.
 */
export function seenCopiesOf(node: NodeContext, publisher: PublisherId): SeenCopies {
  const now = Date.now()
  const connected = new Set(node.connectedPeers())
  const records = node.nodeRecords()
  node.holders.met([...connected], now)
  const isFound = (peer: PeerId): boolean => !isFoundWanting(node, publisher, peer, now)
  const isAlive = (peer: PeerId): boolean => now - (records.get(peer)?.at ?? Number.NEGATIVE_INFINITY) < ALIVE_MS
  const counted = statedCopiesOf(node, publisher).filter(
    ({ peer, isChosen }) =>
      isFound(peer) &&
      (isAlive(peer) || !node.holders.isForgotten(publisher, peer, now)) &&
      (isChosen || node.holders.of(publisher, peer) !== null),
  )
  const mirrors = [...records.values()].filter(record => mayMirror(record, publisher)).map(({ peer }) => peer)
  return {
    whole: counted.filter(({ isWhole }) => isWhole).map(({ peer }) => peer),
    partial: new Map(counted.filter(({ isWhole }) => !isWhole).map(({ peer, cids }) => [peer, cids])),
    mirrors: mirrors.filter(peer => (connected.has(peer) || isAlive(peer)) && isFound(peer)),
  }
}

/** A record has room for some of what its node mirrors: one that is full may mirror any. */
const mayMirror = ({ mirrors }: NodeRecord, publisher: PublisherId): boolean =>
  mirrors.includes(publisher) || mirrors.length >= MAX_NODE_MIRRORS
