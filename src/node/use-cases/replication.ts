import type { PackageState } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'
import { type Holders, NOBODY_ASKED } from './holders.ts'
import type { Holdings, Mirror } from './holdings.ts'
import { mayHold, newestLiveOf } from './release-holders.ts'

/** How many copies of a package's newest release there are, as far as this node knows. */
export interface Replication {
  /** This node's, and those of mirrors that count. */
  readonly copies: number
  /** Of them this node's own, and those of mirrors that passed a spot check. */
  readonly proven: number
  /** Peers beyond `copies` that said just now that they have it: their own word, which is no copy to count on. */
  readonly answered: number
  /** Mirrors beyond these that are signed to have it, by strangers and unchecked, or not heard of for a day: no copies to count on. */
  readonly claimed: number
  /** How many this node was told are enough; null: it keeps everything, or nothing. */
  readonly wanted: number | null
}

/**
 * The copies of the newest live release; null for a package without one. Who is on the list of a listed release signs
 * nothing of what it has, so of such a one whoever answered counts.
 */
export async function replicationOf(
  node: NodeContext,
  { publisher, mirrors, parts }: Holdings,
  state: PackageState,
  holders: Pick<Holders, 'answered'> = NOBODY_ASKED,
): Promise<Replication | null> {
  const newest = newestLiveOf(state)
  if (newest === null) return null
  const held = await Promise.all(newest.artifacts.map(({ artifact }) => node.artifacts.has(artifact.sha256)))
  const own = held.every(Boolean) ? 1 : 0
  const holdsAll = ({ peer }: Mirror): boolean => {
    const cids = parts.get(peer)
    return cids === undefined || newest.artifacts.every(({ artifact }) => cids.has(artifact.cid))
  }
  const now = Date.now()
  const mayBe = mayHold(node, publisher, newest)
  const found = mirrors.filter(
    each => !each.isSelf && mayBe(each.peer) && holdsAll(each) && !isFoundWanting(node, publisher, each.peer, now),
  )
  const answered = holders.answered.filter(peer => !isFoundWanting(node, publisher, peer, now))
  const counted = found.filter(({ counted }) => counted)
  const copies = new Set(counted.map(({ peer }) => peer))
  if (newest.visibility === 'listed') for (const peer of answered) copies.add(peer)
  const said = new Set(answered).difference(copies)
  return {
    copies: own + copies.size,
    proven: own + counted.filter(({ checked }) => checked !== null).length,
    answered: said.size,
    claimed: found.filter(({ peer }) => !copies.has(peer) && !said.has(peer)).length,
    wanted: newest.visibility === 'public' ? (node.relations.relationOf(publisher).copies ?? null) : null,
  }
}
