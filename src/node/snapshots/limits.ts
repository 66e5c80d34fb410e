const MIB = 1024 * 1024

/** Bytes of a pack that is made: what is lost of a join that breaks off, and what a joining node holds in memory. */
export const PACK_BYTES = 16 * MIB
/** Age, ms, at which a snapshot is made anew: what came meanwhile is fetched from feeds. Whom one does not have is not sought in it sooner. */
export const SNAPSHOT_AGE_MS = 6 * 60 * 60 * 1_000
/** How often it is looked whether a snapshot is due, ms. */
export const LOOK_EVERY_MS = 60_000
/** A snapshot is made anew at once when so many times the publishers in it are held: all of them together cost twice the last. */
export const GROWN_BY = 2
/** Followed publishers of which nothing is held that make a snapshot worth asking for; fewer come from their feeds as fast. */
export const MIN_MISSING_PUBLISHERS = 64
/** Time, ms, that a node waits for a peer whose snapshot it would take, before it asks for feeds. */
export const PEER_WAIT_MS = 5_000
/** Longest that feeds wait for snapshots, ms: 150 MB at 256 kB/s, which one pack is allowed. What is stored by then stays. */
export const HOLD_BACK_MS = 10 * 60 * 1_000
/** Time, ms, after which a change of who is followed asks for snapshots again, while so many publishers may be in one. */
export const RETRY_MS = 10 * 60 * 1_000
