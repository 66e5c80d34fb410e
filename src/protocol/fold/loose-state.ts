import type { BlockId, PeerId, PublisherId } from '../ids.ts'
import type { ProfileOp } from '../record.ts'
import type { HoldsState } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { compareOps } from './counted-op.ts'

/** What a publisher says of itself and of what its nodes keep: last wins, an undo takes the named items away. */
export function looseStateOf(given: readonly CountedOp[]): { profile: ProfileOp | null; holds: HoldsState[] } {
  let profile: ProfileOp | null = null
  const holds = new Map<PeerId, { peer: PeerId; publishers: Set<PublisherId>; cids: Set<BlockId> }>()
  for (const { op } of [...given].sort(compareOps)) {
    if (op.op === 'profile') profile = op
    if (op.op !== 'holds') continue
    const held = holds.get(op.peer) ?? { peer: op.peer, publishers: new Set(), cids: new Set() }
    holds.set(op.peer, held)
    for (const id of op.publishers) op.undo ? held.publishers.delete(id) : held.publishers.add(id)
    for (const cid of op.cids) op.undo ? held.cids.delete(cid) : held.cids.add(cid)
  }
  const kept = [...holds.values()].filter(held => held.publishers.size + held.cids.size > 0)
  return { profile, holds: kept.sort((a, b) => (a.peer < b.peer ? -1 : 1)) }
}
