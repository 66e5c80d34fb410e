import { MAX_NODE_MIRRORS, type NodeRecord, type PeerId, type PublisherId } from '../../protocol/index.ts'
import type { SeenCopies } from '../library/copy-book.ts'
import type { NodeContext } from '../node-context.ts'
import { countedCopiesOf, isAlive } from './counted-copies.ts'
import { isFoundWanting } from './found-wanting.ts'

/**
 * The holders that count, and who may take what is missing. Of a large federation a node meets few: mirrors that share what is missing
 * are those that anybody met.
 */
export function seenCopiesOf(node: NodeContext, publisher: PublisherId): SeenCopies {
  const now = Date.now()
  const connected = new Set(node.connectedPeers())
  const counted = countedCopiesOf(node, publisher, now)
  const isThere = (record: NodeRecord): boolean => connected.has(record.peer) || isAlive(record, now)
  const isFound = (peer: PeerId): boolean => !isFoundWanting(node, publisher, peer, now)
  const mirrors = [...node.nodeRecords().values()].filter(record => mayMirror(record, publisher) && isThere(record))
  return {
    whole: counted.filter(({ isWhole }) => isWhole).map(({ peer }) => peer),
    partial: new Map(counted.filter(({ isWhole }) => !isWhole).map(({ peer, cids }) => [peer, cids])),
    mirrors: mirrors.map(({ peer }) => peer).filter(isFound),
  }
}

/** A record has room for some of what its node mirrors: one that is full may mirror any. */
const mayMirror = ({ mirrors }: NodeRecord, publisher: PublisherId): boolean =>
  mirrors.includes(publisher) || mirrors.length >= MAX_NODE_MIRRORS
