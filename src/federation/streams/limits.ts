import type { Allowance } from './peer-budgets.ts'

/** Longest wait for a peer's HELLO, ms. */
export const HELLO_MS = 10_000
/** Longest wait for a stream to open, ms. */
export const OPEN_MS = 10_000
/** Longest wait for the first byte of an answer, ms (specification section 10.5). */
export const FIRST_BYTE_MS = 10_000
/** Longest wait for a first byte while other answers of the same stream come, ms: 4 MiB of them at 70 kB/s. */
export const MAX_QUEUED_MS = 60_000
/** Least speed of an answer while somebody waits for it, bytes a second (specification section 10.5). */
export const MIN_BYTES_PER_SECOND = 16_000
/** Waiting time over which the speed is measured, ms. */
export const SPEED_WINDOW_MS = 5_000
/** A busy stream that is silent for this long is asked by PING, ms. */
export const PING_AFTER_MS = 20_000
/** A PING that nothing follows for this long ends the stream, ms. */
export const PONG_MS = 20_000
/** Who reads one frame for longer than this says so by PONG, ms: its writer cannot hear of it else, and has its own PING waiting behind the frame. */
export const STILL_READING_MS = 10_000
/** A look at a silent stream that comes so much too late, ms: this node stood still, and an answer may be here unread. */
export const STOOD_STILL_MS = 5_000
/** A PING that probes for lost packets is followed by another after so many times its wait. */
export const PROBE_AGAIN = 3
/**
 * An answer whose next message gets no credit for this long is given up, so that a silent reader holds no handler; a stream on which a cancelled
 * request is not ended for this long is, so that its place is not held for ever; ms.
 */
export const STALL_MS = 60_000
/** A cancelled request may be without END for so long while others on the stream bring something, ms: 4 MiB before it at 7 kB/s. */
export const MAX_DRAINING_MS = 600_000
/**
 * Frames joined into one write, bytes at most, and what may wait before a sender waits: with the headers of the multiplexer it fits one
 * noise message (65,519).
 */
export const MAX_JOINED_BYTES = 65_000
/** Most frames waiting to be written to one stream: 64 answers and ends with room for replies to PING. */
export const MAX_QUEUED_FRAMES = 512
/** Longest wait for a place on a stream that this node's own requests fill, ms: then another peer is asked. */
export const PLACE_MS = 60_000
/** Most requests waiting for a place on one stream; more are refused here as busy. */
export const MAX_WAITING_REQUESTS = 1024
/** Most handlers of one stream still running, cancelled ones counted: cancelling frees a place only once they stop. */
export const MAX_RUNNING_HANDLERS = 128

/*
 * Budgets: what one peer may have of each protocol (README, Budgets). An honest asker has at most 64 requests and 4 MiB
 * of credit open, so it waits for its turn and is never told busy; only one that opens more than it lets end is.
 */

/**
 * A request counts once more for each of these bytes: it is long because it names many publishers or blocks, each of
 * which is looked up. A range or an artifact counts once, 256 publishers or blocks count about 60 times.
 */
export const REQUEST_COST_BYTES = 256
const MIB = 1 << 20
/**
 * Feeds. Requests: a look-up of at most 4 publishers costs 0.3 ms, so 15 % of a core; the burst is all heads and
 * subscriptions of 2,000 followed publishers. Bytes: a small record costs 20 µs to read, so 40 % of a core; with the
 * burst, 100,000 records of 1 kB pass as fast as an asker verifies them (5 s). Wait: half of what an asker gives the first byte.
 */
export const FEED_ALLOWANCE: Allowance = {
  requests: { burst: 2_000, perSecond: 500 },
  bytes: { burst: 64 * MIB, perSecond: 8 * MIB },
  maxWaitMs: 5_000,
}
/**
 * Content. Requests: as many packages of 20 kB as two nodes move through memory in a second, 0.3 ms each. Bytes: above a
 * full gigabit link, half of what one core encrypts. So an honest peer has all of its link, and a stranger not all of
 * this node. Wait: half of what an asker gives a provider's first byte.
 */
export const CONTENT_ALLOWANCE: Allowance = {
  requests: { burst: 4_000, perSecond: 2_000 },
  bytes: { burst: 256 * MIB, perSecond: 128 * MIB },
  maxWaitMs: 1_500,
}
/** A block that is not here costs a peer as much of that as a whole one, bytes: 128 a second, which to look for takes .3 ms each with all around it. */
export const MISSING_BLOCK_BYTES = MIB
/** Searches: each runs the index; a late answer is worth nothing, so none waits. Bytes: what those searches may bring. */
export const SEARCH_ALLOWANCE: Allowance = {
  requests: { burst: 20, perSecond: 5 },
  bytes: { burst: 20 * MIB, perSecond: 5 * MIB },
  maxWaitMs: 0,
}
/** Node records: honest nodes ask once in minutes; an answer is at most 64 records of 4 KiB, sorted out of 512. */
export const PEERS_ALLOWANCE: Allowance = {
  requests: { burst: 10, perSecond: 0.1 },
  bytes: { burst: 2 * MIB, perSecond: MIB / 32 },
  maxWaitMs: 0,
}
/** Snapshots: as many bytes as artifacts, because packs are fetched as they are; a joining node asks for some hundred packs in all. */
export const SNAPSHOT_ALLOWANCE: Allowance = {
  requests: { burst: 300, perSecond: 1 },
  bytes: { burst: 256 * MIB, perSecond: 16 * MIB },
  maxWaitMs: 5_000,
}
/** Budgets kept, about 300 B each: four times those of 300 connections with three protocols; each is full again within seconds of rest. */
export const MAX_BUDGETS = 4_096
/** Kept budgets looked at for each new one: two, so that full ones leave faster than new ones come. */
export const LOOKED_AT_PER_NEW_BUDGET = 2

/*
 * A link that the operator capped (`network.upBytesPerSecond`, `downBytesPerSecond`), over all peers and protocols together.
 */

/** Least that may pass at once, bytes: one message of an artifact. */
export const MIN_RATE_BURST_BYTES = 256 << 10
/** Messages of records and searches before one of an artifact, while both wait: most of the link, and no standstill. */
export const TURNS_BEFORE_BULK = 4
/** Longest foreseen wait for an artifact's turn, ms: as of a peer's own budget; beyond it the asker is told busy and asks another. */
export const BULK_WAIT_MS = 1_500
/** Least of a cap, bytes a second: an asker gives up on what is slower than 16 kB/s, and several share the link. */
export const MIN_LINK_BYTES_PER_SECOND = 100_000
