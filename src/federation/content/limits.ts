import { MAX_BLOCK_BYTES } from '../../protocol/index.ts'

/** Bytes of a leaf: Helia's default chunk (specification section 12.3). */
export const LEAF_BYTES = MAX_BLOCK_BYTES
/** Longest message of leaf bytes, bytes: with its headers one noise message, so that it arrives in one piece and is copied once. */
export const SLICE_BYTES = 64_000
/** Credit of an artifact's transfer, bytes: one of them may fill a stream only half, so that two run side by side. */
export const TRANSFER_CREDIT_BYTES = 2 << 20
/** Longest wait for a provider's stream, dialling included, and then for its first byte, ms: a peer gets a short time, then the next is asked. */
export const PROVIDER_FIRST_BYTE_MS = 3_000
/** Waiting in vain for one artifact or block after which the next providers get less time, ms: ten that use all of theirs. */
export const PATIENT_SEEK_MS = 30_000
/** Wait for a provider's first byte from then on, ms: one round trip of a connected peer, so that silent ones do not wear out a fetch. */
export const HURRIED_FIRST_BYTE_MS = 300
/** Longest waiting for providers in vain, ms, over all of one artifact or block: each of 300 connected peers is asked once. */
export const SEEK_MS = 120_000
/** Most providers that may fail one artifact or block: late, broken off or altered; above all connections and signed holders together. */
export const MAX_FAILED_PROVIDERS = 512
/** Peers asked at once whether they have an artifact. */
export const PARALLEL_PROBES = 16
/** Longest wait for that answer, dialling included, ms. */
export const PROBE_MS = 1_500
/** Leaves of an artifact that one spot check asks for: who keeps half of it is caught three times in four. */
export const MAX_CHECKED_LEAVES = 2
/** Longest wait for all of a spot check, ms: 2 MiB at 128 kB/s. */
export const SPOT_CHECK_MS = 16_000

/*
 * A leaf of which the peer that is asked is late (README, Content).
 */

/** Least time before an answer is late, ms: what a lost packet or two cost on a good link, beside a round trip. */
export const LATE_MS = 500
/** An answer is late no sooner than so many times what the peer usually takes to its first byte. */
export const LATE_TIMES = 4
/** What is open at a peer takes too long if it is not here within this at the speed at which it comes, ms: another takes a round trip or two to begin. */
export const LATE_LEFT_MS = 1_000
/** How often a fetch looks whether it is late, ms. */
export const LATE_TICK_MS = 100
/** Peers asked for one leaf at a time. */
export const MAX_BESIDE = 3
/** Bytes that may come twice, over all fetches: two of the longest leaf, seconds of a slow link. */
export const SPARE_BYTES = 2 << 20
/** A late peer so many times slower than the one that was asked beside it uses no more of this node's link than a part of it: its bytes do not count. */
export const FASTER_RATIO = 3
/** Share of what came of use that may come twice afterwards. */
export const SPARE_SHARE = 0.1
/** What asking one more peer counts beyond its bytes: to find it, several are asked whether they have it. */
export const BESIDE_BYTES = 16 << 10
/** Share of the newest first byte in a peer's usual time: a later one may be a lost packet. */
export const QUICKER_SHARE = 0.5
export const SLOWER_SHARE = 0.1

/*
 * One artifact from several mirrors (README, Content).
 */

/** Least leaves of an artifact that is worth a second mirror: 4 MiB, which one connection brings in a second of a slow line. */
export const MIN_SPLIT_LEAVES = 4
/** Mirrors that share one artifact: more add requests, not speed, to what one line takes. */
export const MAX_MIRRORS = 4
/** Requests open at one mirror: while one ends the next is under way, so that no round trip is idle. */
export const RANGES_A_MIRROR = 2
/** Credit of each, bytes: together as much as one transfer had, half of what a stream carries. */
export const RANGE_CREDIT_BYTES = 1 << 20
/** Leaves asked of a mirror whose speed is not known. */
export const FIRST_RANGE_LEAVES = 4
/** Most leaves of one request: what a mirror that fails makes others wait for. */
export const MAX_RANGE_LEAVES = 8
/** How long one request should take, ms: short enough to balance, long beside a round trip. */
export const RANGE_MS = 500
/** A sample of a mirror's speed, ms. */
export const SPEED_SAMPLE_MS = 250
/** Time for which a mirror is asked before its speed counts against it, ms. */
export const MEASURED_MS = 2_000
/** Silence of a mirror that has sent something, after which another is asked, ms: above what a lost packet costs. */
export const STALLED_MS = 3_000
/** A mirror this many times slower than the best is dropped. */
export const SLOW_RATIO = 8
/** What a mirror must lose by, beyond twice the time, before its last leaves are given to an idle one, ms. */
export const STEAL_MS = 1_000
/** Times that a mirror may fall silent and be asked again when nobody else is left. */
export const MAX_STALLS = 2
/** How often the plan looks at the time, ms. */
export const PLAN_TICK_MS = 500
/** Mirrors remembered, about 100 B each: above all connections. */
export const MAX_MIRRORS_REMEMBERED = 1_024
/** How long a mirror's speed counts, ms: lines change in the course of a day. */
export const MIRROR_SPEED_MS = 60 * 60_000
/**
 * How long one that said it is busy, or was late, comes after the others, ms: some of the longest wait of a request for its turn. Doubled while it
 * brings nothing: who takes all of a first byte's time to say so would else cost every fetch that.
 */
export const BUSY_MIRROR_MS = 10_000
/** How long one that failed comes after the others, ms. */
export const FAILED_MIRROR_MS = 10 * 60_000
