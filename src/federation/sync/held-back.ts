import type { FeedHead } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { pause } from '../streams/pause.ts'
import type { HoldBack } from './head-changes.ts'
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
  return {
    mayWait: isAnnounced,
    wait: signal => pause(clock, TELL_AFTER_MS + TELL_SPREAD_MS * random(), signal).catch(() => {}),
  }
}
