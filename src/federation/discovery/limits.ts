/** Connections a node wants at least: gossip's mesh of 6 and room for churn (NETWORK, Settings). */
export const MIN_CONNECTIONS = 12
/** Connections after which it dials no more; others may still dial it. */
export const ENOUGH_CONNECTIONS = 20
/** Own dials among them at least, so that strangers who dial us cannot be all we see (eclipse). */
export const MIN_OUTBOUND = 8
/** Dials at once. */
export const MAX_DIALS = 4
/** First wait after a failed dial, ms; doubled each time, jittered by ± 50 %. */
export const FIRST_BACKOFF_MS = 5_000
/** Longest wait after a failed dial, ms. */
export const LONGEST_BACKOFF_MS = 30 * 60_000
/** Longest wait after a failed dial of a pinned or bootstrap peer, ms: it is somebody's choice, not a guess, and one that does not know a new member yet soon will. */
export const LONGEST_PINNED_BACKOFF_MS = 60_000
/** A dial later than this, ms, counts as failed. */
export const DIAL_TIMEOUT_MS = 15_000
/** Candidates remembered; the least promising is forgotten first. */
export const MAX_CANDIDATES = 2_048
/** Addresses remembered of one candidate. */
export const MAX_ADDRESSES = 8
/** Failures after which a candidate that only a hint named is forgotten. */
export const MAX_FAILURES = 6
/** Time between provider records of one publisher, ms: kad-dht keeps them 24 h and moves with churn. */
export const PROVIDE_EVERY_MS = 10 * 60 * 60_000
/** Time between DHT lookups of one followed publisher while it has no holder connected, ms. */
export const LOOKUP_EVERY_MS = 5 * 60_000
/** Time between DHT lookups of one followed publisher while a holder is connected, ms. */
export const CALM_LOOKUP_EVERY_MS = 60 * 60_000
/** DHT operations at once: each costs about 20 messages. */
export const MAX_DHT_ASKS = 4
/** Providers of one lookup that are believed worth a dial. */
export const MAX_PROVIDERS = 20
/** Node records held of others, 4 KiB each. */
export const MAX_RECORDS = 512
/** Of them, those that one peer brought: eight liars cannot fill the book, and a record of its own is always one of them. */
export const MAX_RECORDS_FROM_ONE = 64
/** A node record is told and believed this long before and after its time, ms: four renewals, and room for clocks a day off. */
export const MAX_RECORD_AGE_MS = 48 * 60 * 60_000
/** A node signs its record anew after this long, ms, or when what it says changes. */
export const RENEW_RECORD_MS = 12 * 60 * 60_000
/** Records asked of one peer at once. */
export const ASKED_RECORDS = 64
/** Longest wait for an answer with node records, ms. */
export const RECORDS_TIMEOUT_MS = 5_000
/** Time between two asks for node records, ms: each may cost 64 signature checks, about 6 ms of processor time. */
export const ASK_GAP_MS = 250
/** Asks for node records under way at once: silent peers hold up four of them, not all. */
export const MAX_RECORD_ASKS = 4
/** Peers that wait to be asked; who comes then is asked with a later round. */
export const MAX_WAITING_ASKS = 64
/** One peer is not asked again before, ms, however often it connects. */
export const ASK_AGAIN_MS = 5 * 60_000
/** Peers of which it is known when they were asked. */
export const MAX_ASKED_PEERS = 1_024
/** Time between rounds in which one connected peer is asked for node records, ms. */
export const ASK_ROUND_MS = 2 * 60_000
