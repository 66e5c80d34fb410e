/** Length of a budget's window, ms. */
export const BUDGET_WINDOW_MS = 60_000
/** Announcements a minute of a publisher nobody here follows (specification section 14). */
export const UNKNOWN_PUBLISHER_MESSAGES = 20
/** Bytes a minute of a publisher nobody here follows (specification section 14). */
export const UNKNOWN_PUBLISHER_BYTES = 64 * 1024
/** Announcements a minute of a followed publisher: a build farm's worst minute; what is above comes by sync. */
export const FOLLOWED_PUBLISHER_MESSAGES = 1_200
/** Bytes a minute of a followed publisher: the same at 4 KiB each. */
export const FOLLOWED_PUBLISHER_BYTES = 1_200 * 4 * 1024
/** Announcements a minute that one peer may make us verify: 0.1 ms each, so at most 0.4 % of a core. */
export const PEER_MESSAGES = 2_400
/** Bytes a minute of one peer that we look at. */
export const PEER_BYTES = 8 * 1024 * 1024
/** Publishers and peers with a running budget; the least recently heard is forgotten. */
export const MAX_BUDGETS = 4_096
/** Verified record ids remembered, about 100 B each. */
export const MAX_SEEN_RECORDS = 16_384
/** Feeds whose newest announced sequence is remembered. */
export const MAX_SEEN_FEEDS = 8_192
/** An announcement further behind the newest verified one of its feed is a replay, not news. */
export const SEQUENCE_WINDOW = 256
/** Accepted records waiting for the disk; above it they come by sync. */
export const MAX_WAITING_COMMITS = 1_024
