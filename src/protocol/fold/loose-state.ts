import type { BlockId, PeerId, PublisherId } from '../ids.ts'
import { MAX_MEMBERS } from '../limits.ts'
import type { MemberOp, ProfileOp } from '../record.ts'
import type { HoldsState, MemberState } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { compareOps, isPublic } from './counted-op.ts'

/** What ops say that are about no package. */
export interface LooseState {
  readonly profile: ProfileOp | null
  readonly holds: readonly HoldsState[]
  readonly members: ReadonlyMap<PeerId, MemberState>
}

/**
 * What a publisher says of itself, of what its nodes keep and of who is a member: last wins, an undo takes the named items away.
 * `behind`: ops of public feeds that do not count. Whom they remove stays out until a later feed says otherwise, so that no fork lets
 * anybody in again.
 */
export function looseStateOf(given: readonly CountedOp[], behind: readonly CountedOp[]): LooseState {
  let profile: ProfileOp | null = null
  const members = new Map<PeerId, MemberState>()
  const holds = new Map<PeerId, { peer: PeerId; publishers: Set<PublisherId>; cids: Set<BlockId> }>()
  const removals = behind.filter(({ op }) => op.op === 'member' && op.undo).map(op => ({ ...op, seq: Infinity }))
  for (const counted of [...given, ...removals].sort(compareOps)) {
    const { op } = counted
    if (op.op === 'profile') profile = op
    // What not every node of the network is given may not decide whom each of them lets in.
    if (op.op === 'member' && isPublic(counted)) takeMember(members, op)
    if (op.op !== 'holds') continue
    const held = holds.get(op.peer) ?? { peer: op.peer, publishers: new Set(), cids: new Set() }
    holds.set(op.peer, held)
    for (const id of op.publishers) op.undo ? held.publishers.delete(id) : held.publishers.add(id)
    for (const cid of op.cids) op.undo ? held.cids.delete(cid) : held.cids.add(cid)
  }
  const kept = [...holds.values()].filter(held => held.publishers.size + held.cids.size > 0)
  return { profile, holds: kept.sort((a, b) => (a.peer < b.peer ? -1 : 1)), members }
}

function takeMember(members: Map<PeerId, MemberState>, { peer, name, undo }: MemberOp): void {
  if (!members.has(peer) && members.size >= MAX_MEMBERS) return
  members.set(peer, { name: (undo ? members.get(peer)?.name : name) ?? null, isMember: !undo })
}
