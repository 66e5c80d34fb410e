import { createHash } from 'node:crypto'
import type { PeerId, Sha256 } from '../../protocol/index.ts'

/** What a mirror knows about the copies of one artifact that it does not hold. */
export interface MissingCopy {
  readonly self: PeerId
  readonly sha256: Sha256
  /** Copies that are enough, whoever holds them. */
  readonly wanted: number
  /** Other nodes that are known to hold it. */
  readonly holders: ReadonlySet<PeerId>
  /** Nodes that mirror its publisher and may fetch it; this one counts in any case. */
  readonly mirrors: Iterable<PeerId>
  /** Whole rounds for which copies were missing. */
  readonly rounds: number
}

/** `wait`: copies are missing, and other mirrors come first. */
export type CopyDecision = 'enough' | 'take' | 'wait'

/**
 * Whether a mirror fetches an artifact. Each artifact has an order of mirrors of its own, which all of them know (rendezvous
 * hashing, Thaler and Ravishankar 1998): as many of the first as copies are missing fetch it. With each round that passes in vain
 * twice as many do, until anybody does: who comes first may be gone, or never heard of it.
 */
export function decideCopy({ self, sha256, wanted, holders, mirrors, rounds }: MissingCopy): CopyDecision {
  const missing = wanted - holders.size
  if (missing <= 0) return 'enough'
  const own = orderOf(self, sha256)
  let places = missing * 2 ** rounds
  for (const peer of mirrors) {
    if (peer !== self && !holders.has(peer) && orderOf(peer, sha256) < own) places--
    // Hundreds of mirrors may be known, and an order costs 1 µs: those that are left change nothing.
    if (places <= 0) return 'wait'
  }
  return 'take'
}

const orderOf = (peer: PeerId, sha256: Sha256): string => createHash('sha256').update(`${peer} ${sha256}`).digest('hex')
