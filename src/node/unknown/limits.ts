/** A day of the quotas, ms. */
export const DAY_MS = 24 * 60 * 60_000
/** Share of the room for unknown publishers that newcomers may take in a day: whoever makes publishers up does not push out the others at once. */
export const NEWCOMERS_A_DAY = 0.1
/** At least so many newcomers a day: a small bound must not close the door. */
export const MIN_NEWCOMERS_A_DAY = 100
/** A newcomer of whom nothing came within this, ms, gives its place back. */
export const EMPTY_MS = 60 * 60_000
/** The same where there is no room, ms: made-up publishers go before any that brought something. */
export const EMPTY_IN_THE_WAY_MS = 5 * 60_000
/** How long one that was evicted stays out, ms; doubled each time up to 32 days. */
export const EVICTED_MS = DAY_MS
export const MAX_EVICTED_MS = 32 * DAY_MS
/** Evicted publishers that are remembered, about 150 B each: the first to be let in again is forgotten first. */
export const MAX_EVICTED = 65_536
/** Newcomers, pauses and evictions are carried out together this often, ms: each change of what is followed is told to every peer. */
export const APPLY_MS = 5_000
/** The first newcomers after a rest wait only this long, ms: the others that one list names come with them. */
export const APPLY_SOON_MS = 250
/** Publishers evicted at once: while one is removed, nothing else of this work is done. */
export const MAX_EVICTIONS = 64
/** Pages of one peer's list that are read: 65,536 publishers. */
export const MAX_LIST_PAGES = 64
/** Peers whose lists are read side by side, and that wait for their turn: more than connect. */
export const LISTS_AT_ONCE = 4
export const MAX_WAITING_LISTS = 512
/** Longest time that reading one peer's list may take, ms: the others wait for it. */
export const LIST_TIMEOUT_MS = 60_000
/** How often a connected peer's list is read again, ms; in between it tells what changes. */
export const LISTS_EVERY_MS = 30 * 60_000
