import type { FeedHead } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { HoldBack } from './head-watcher.ts'
import { TELL_AFTER_MS, TELL_SPREAD_MS } from './limits.ts'

export interface HeldBackPorts {
  readonly clock: Clock
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  /** Whether gossip tells of the feed too. */
  readonly isAnnounced: (head: FeedHead) => boolean
}

/** Tells subscribers of announced feeds a while after gossip did, of all others at once. */
export function heldBack({ clock, random, isAnnounced }: HeldBackPorts): HoldBack {
  let last: { readonly head: FeedHead; readonly atMs: number; readonly mayWait: boolean } | null = null
  return {
    clock,
    came: head => {
      if (last?.head !== head) last = { head, atMs: clock.now(), mayWait: isAnnounced(head) }
      return last
    },
    delayMs: () => TELL_AFTER_MS + TELL_SPREAD_MS * random(),
  }
}
