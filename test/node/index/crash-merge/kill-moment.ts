import type { Chance } from '../../../corruption/chance.ts'
import type { Message } from './messages.ts'

/** When a process is killed: so long after it told something for the n-th time. */
export interface KillMoment {
  readonly after: Message['say']
  readonly times: number
  readonly waitMs: number
}

/** Which part of a merge a kill fell into; null: into none. */
export type MergePhase = 'building' | 'swapping' | 'cleaning'

/** Longest wait into the clean-up, which takes a few ms. */
const MAX_CLEANING_MS = 6

/** Half of the kills while a base is built, the others about the swap and the clean-up; `mergeMs`: how long merges took. */
export function pickKillMoment(chance: Chance, mergeMs: number): KillMoment {
  const times = 1 + chance.below(2)
  switch (chance.below(4)) {
    case 0:
      return { after: 'swapping', times, waitMs: 0 }
    case 1:
      return { after: 'cleaning', times, waitMs: chance.below(MAX_CLEANING_MS) }
    default:
      return { after: 'merging', times, waitMs: chance.below(Math.max(1, Math.round(mergeMs))) }
  }
}

/** The phase that the last words of a process leave it in. */
export function phaseOf(messages: readonly Message[]): MergePhase | null {
  const last = messages.findLast(({ say }) => ['merging', 'merged', 'swapping', 'cleaning'].includes(say))
  if (last?.say === 'merging') return 'building'
  return last?.say === 'swapping' || last?.say === 'cleaning' ? last.say : null
}
