import type { NodeRecord, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'
import { type StatedHolder, statedCopiesOf } from './stated-holders.ts'

/** Age, ms, of a node record whose node is there: it is signed anew every twelve hours. */
const ALIVE_MS = 24 * 60 * 60_000

/** Whether a node is there by what it signed of itself; a date as far ahead would have it there for days after it is gone. */
export const isAlive = (record: Pick<NodeRecord, 'at'> | undefined, now: number): boolean =>
  record !== undefined && Math.abs(now - record.at) < ALIVE_MS

/**
 * The holders to count on: not those asked in vain of late, that failed their last check, or that for a day neither were met nor signed
 * a node record; and on the word of somebody whom nobody chose here, only those that passed a check and were met or proven within a day,
 * because who passed one and went away signs node records for nothing. Whoever lies about copies so takes few away.
 */
export function countedCopiesOf(
  node: NodeContext,
  publisher: PublisherId,
  now: number,
  stated: readonly StatedHolder[] = statedCopiesOf(node, publisher),
): readonly StatedHolder[] {
  const { holders } = node
  const records = node.nodeRecords()
  holders.met(node.connectedPeers(), now)
  return stated.filter(({ peer, isChosen }) => {
    if (isFoundWanting(node, publisher, peer, now)) return false
    if (isChosen && isAlive(records.get(peer), now)) return true
    return (isChosen || holders.of(publisher, peer) !== null) && !holders.isForgotten(publisher, peer, now)
  })
}
