/** Bounds of federated search; the wire's own are in `src/protocol`. */

/** Time an asker waits for peers when it says nothing else, ms: a search stays interactive. */
export const SEARCH_DEADLINE_MS = 300
/** Peers of one search. */
export const MAX_PEERS_ASKED = 16
/** Hits taken from one peer, and sent to one. */
export const MAX_PEER_HITS = 50
/** Bytes taken from one peer, and sent to one, per search. */
export const MAX_PEER_BYTES = 1 << 20
/** Hits of one peer that fail verification before nothing more is read from it. */
export const MAX_BAD_HITS = 3
/** Searches a peer may ask at once, and how many more it earns each second. */
export const BUCKET_TOKENS = 20
export const BUCKET_TOKENS_PER_SECOND = 5
/** Peers whose buckets are remembered; beyond that the one silent for longest is forgotten. */
export const MAX_BUCKETS = 4096
/** Words of a query and characters of a description that the neutral scorer looks at: 800 hits stay under 50 ms. */
export const MAX_SCORED_WORDS = 8
export const MAX_SCORED_WORD_CHARS = 32
export const MAX_SCORED_DESCRIPTION_CHARS = 256
/** Federated hits that are scored, first come first kept. */
export const MAX_SCORED_HITS = 400
