import { type KeptPackument, SEEN_BYTES } from './kept-packument.ts'
import type { PackumentFacts } from './packument-store.ts'

/** What is in memory of one name. */
export interface HeldPackument {
  /** null: it is gone or its bytes were lost; the facts are kept for its return. */
  readonly kept: KeptPackument | null
  /** Whether the upstream said last that it has no such package. */
  readonly isGone: boolean
  readonly facts: PackumentFacts
  fetchedAt: number
  /** Not asked for again in the background before this. */
  pausedUntil: number
}

/** Bytes that it takes, about. */
export const weightOf = ({ kept, facts }: HeldPackument): number => kept?.weight ?? SEEN_BYTES * facts.seen.size
