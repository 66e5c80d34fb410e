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
/** Longest wait after a failed dial of a pinned peer, ms: it is somebody's choice, not a guess. */
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
