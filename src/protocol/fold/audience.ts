import type { PeerId } from '../ids.ts'
import { MAX_AUDIENCE_PEERS } from '../limits.ts'
import type { Op } from '../record.ts'
import type { CountedOp } from './counted-op.ts'
import { compareOps } from './counted-op.ts'

/**
 * The peers that may be served a listed feed (specification section 6.8): what its counted audience ops add up to, without those whom
 * a held record behind them takes off, so that no fork gives back what was taken. What would make it too long is inert.
 */
export function audienceOf(counted: readonly CountedOp[], behind: readonly Op[]): ReadonlySet<PeerId> {
  const audience = new Set<PeerId>()
  for (const { op } of [...counted].sort(compareOps)) {
    if (op.op !== 'audience') continue
    for (const peer of op.peers) {
      if (op.undo) audience.delete(peer)
      else if (audience.size < MAX_AUDIENCE_PEERS) audience.add(peer)
    }
  }
  for (const op of behind) if (op.op === 'audience' && op.undo) for (const peer of op.peers) audience.delete(peer)
  return audience
}
