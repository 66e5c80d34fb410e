/** Length of a budget's window, ms. */
export const BUDGET_WINDOW_MS = 60_000
/** Announcements a minute of a feed of a publisher nobody here follows (specification section 14). */
export const UNKNOWN_FEED_MESSAGES = 20
/** Bytes a minute of a feed of a publisher nobody here follows (specification section 14). */
export const UNKNOWN_FEED_BYTES = 64 * 1024
/** Announcements a minute of a followed publisher's feed: a build farm's worst minute; what is above comes by sync. */
export const FOLLOWED_FEED_MESSAGES = 1_200
/** Bytes a minute of a followed publisher's feed: the same at 4 KiB each. */
export const FOLLOWED_FEED_BYTES = 1_200 * 4 * 1024
/** Announcements a minute by authorised keys that one peer may make us verify: 0.1 ms each, so at most 0.4 % of a core. */
export const PEER_MESSAGES = 2_400
/** Bytes a minute of them. */
export const PEER_BYTES = 8 * 1024 * 1024
/** Announcements a minute of all others that one peer may make us verify: 0.1 % of a core, and ten releases a second of a whole federation. */
export const PEER_UNKNOWN_MESSAGES = 600
/** Bytes a minute of them. */
export const PEER_UNKNOWN_BYTES = 2 * 1024 * 1024
/** Feeds and peers with a running budget; the least recently heard is forgotten. */
export const MAX_BUDGETS = 4_096
/** Verified record ids and heads remembered, 20 B each from the start on. */
export const MAX_SEEN_RECORDS = 16_384
/** Feeds whose newest announced sequence is remembered. */
export const MAX_SEEN_FEEDS = 8_192
/** An announcement further behind the newest verified one of its feed is a replay, not news. */
export const SEQUENCE_WINDOW = 256
/** Accepted records waiting for the disk; above it they come by sync. */
export const MAX_WAITING_COMMITS = 1_024
/** Faults a minute after which a peer is dropped: so many bad messages are checked at most. */
export const MAX_FAULTS = 12
/** Gossip messages of one peer that are decoded: 0.05 ms each. A build farm's burst, and 20 publishers' worst minute. */
export const PEER_RPCS = { burst: 4_096, perSecond: 200 }
/** Bytes of them: each at the length of an announcement, IHAVE and IWANT among them. */
export const PEER_RPC_BYTES = { burst: 16 << 20, perSecond: 1 << 20 }
/** Gossip messages above that, dropped undecoded, after which a peer is dropped: reading them costs, too. */
export const MAX_DROPPED_MESSAGES = 2_048
/** Topics of other networks that a peer may name a minute: some IPFS software has its own, none has a thousand. */
export const MAX_FOREIGN_TOPICS = 1_024
/*
 * Standing: gossipsub's score of what a peer did on its other streams. Below 0 it is in no mesh, below -10 it is told nothing, below -80
 * nothing of it is heard.
 */
/** What no honest peer sends: three of it within minutes and nothing is heard of the peer. */
export const OFFENCE_POINTS = 30
/**
 * Most points: who is kept out for ten minutes comes back at -80 at worst. Below, its honest gossip would be a fault each, which keeps it out
 * again, and one bad answer to several requests at once would do so for good.
 */
export const MAX_POINTS = 3 * OFFENCE_POINTS
/** Offers not kept, again and again: it may be honest and slow. */
export const UNRELIABLE_POINTS = 10
/** One point is gone in a minute: an offence in half an hour, 20 minutes after the peer may come back. */
export const STANDING_POINTS_PER_MS = 1 / 60_000
/** Peers with points, about 150 B each; ids are free, so one has to go: who did wrong longest ago. */
export const MAX_STANDINGS = 4_096
