/** Bounds of federated search; the wire's own are in `src/protocol`. */

/** Time an asker waits for peers when it says nothing else, ms: a search stays interactive. */
export const SEARCH_DEADLINE_MS = 300
/** Peers asked at once when a search begins. */
export const MAX_FIRST_PEERS = 24
/** Of them those picked for what they hold: the rest are for peers nothing is known of and whose turn it is. */
export const MAX_COVER_PEERS = 20
/** Fewest asked at once, where so many are connected: hints may be wrong. */
export const MIN_FIRST_PEERS = 8
/** Peers picked for each publisher that this node lacks: one may fail. */
export const COVERED_BY = 2
/** Peers asked beside the first, when those are late or failed. */
export const MAX_HEDGES = 8
/** Peers that stalled before and are tried without being waited for. */
export const MAX_EXTRAS = 4
/** A peer silent for this long has another asked beside it, ms: twice what a search on a good link takes. */
export const HEDGE_MS = 50
/** Least time that a peer is waited for when others have answered, ms: half of the deadline. */
export const MIN_PATIENCE_MS = 150
/** A peer is waited for until this many times its usual time, a new one as many times the slowest answer. */
export const PATIENCE = 3
/**
 * Once the name asked for, or as many hits with every word as are wanted, are here, a peer is waited for its usual time and so long, ms: what is still
 * missing would be more of it; of whom the best hits are here, so long after them. Less than a round trip, which a lost packet costs.
 */
export const FOUND_PATIENCE_MS = 20
/** Share of the newest answer in a peer's usual time: a slower one may be a lost packet. */
export const QUICKER_SHARE = 0.5
export const SLOWER_SHARE = 0.1
/** Answers in a row that did not end by the deadline before a peer that once answered is no longer waited for: one may be lost packets. */
export const STALLS_FORGIVEN = 1
/** A request is followed by a small message after this, ms: later than an answer leaves a peer on a good link, earlier than half a round trip of a far one. */
export const PROBE_AFTER_MS = 25
/** Peers remembered: three times the connections there may be; the one unheard of for longest is forgotten. */
export const MAX_KNOWN_PEERS = 1024
/** Publishers remembered of a peer that its verified hits showed; the oldest are forgotten. */
export const MAX_PROVEN = 64
/** What a peer says it holds is asked for again after this, ms. */
export const CLAIMS_AGE_MS = 10 * 60_000
/** Verified records kept, and the longest of them, bytes: 8 MiB of envelopes at most. */
export const MAX_VERIFIED_RECORDS = 2048
export const MAX_VERIFIED_RECORD_BYTES = 4096
/** Bytes of hits after which a message is sent: some ten hits of one frame each cost five times the time. */
export const PACKED_BYTES = 32 << 10
/** Hits taken from one peer, and sent to one. */
export const MAX_PEER_HITS = 50
/** Hits that each of many peers is asked for, as far as so many are wanted. */
export const MIN_SHARE = 5
/** Bytes taken from one peer, and sent to one, per search. */
export const MAX_PEER_BYTES = 1 << 20
/** Hits of one peer that fail verification before nothing more is read from it. */
export const MAX_BAD_HITS = 3
/** Words of a query and characters of a description that the neutral scorer looks at: 800 hits stay under 50 ms. */
export const MAX_SCORED_WORDS = 8
export const MAX_SCORED_WORD_CHARS = 32
export const MAX_SCORED_DESCRIPTION_CHARS = 256
/** Keywords of a hit that the neutral scorer looks at, and characters of each. */
export const MAX_SCORED_KEYWORDS = 8
export const MAX_SCORED_KEYWORD_CHARS = 32
/** Of each ten federated hits, those of one publisher without a relation, and those that one peer alone sent. */
export const SPREAD_OVER = 10
export const MAX_OF_ONE = 3
/** Federated hits that are scored, first come first kept. */
export const MAX_SCORED_HITS = 400
