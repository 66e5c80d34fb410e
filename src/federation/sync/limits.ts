import type { Rate } from '../streams/token-bucket.ts'

/** Rival tips kept in one feed: two are proof of a fork; more only help a later void that pins one of them. */
export const MAX_RIVAL_BRANCHES = 8
/** Time between catch-up rounds, in ms, jittered by ± 20 % so that nodes do not beat together. */
export const ROUND_MS = 30_000
/** Peers asked in one round: enough that one liar or laggard does not matter. */
export const PEERS_A_ROUND = 3
/** Ranges in flight per peer: one on the wire while one is verified. */
export const MAX_RANGES_PER_PEER = 2
/**
 * Ranges in flight over all peers, without those that are late: 64 MiB at most, which one thread verifies in 4 s (50 to 60 ms each), and
 * 300 a second of small ones at 200 ms of round trip.
 */
export const MAX_RANGES = 64
/** Peers asked at once for what is newly followed: who holds it is not known yet, and rounds would take minutes to come to them. */
export const PEERS_A_FOLLOW = 32
/** Parts of chains asked for while the part before is verified and stored, 1 MiB each, over all peers. */
export const MAX_RANGES_AHEAD = 4
/** Head requests in flight per peer: more wait for the next round. */
export const MAX_HEAD_ASKS_PER_PEER = 8
/** A heads reply later than this, in ms, counts as failed, each of those that one round takes. */
export const HEADS_TIMEOUT_MS = 10_000
/** A range not here within this, in ms, counts as failed: 1 MiB at 64 kB/s and room. */
export const RANGE_TIMEOUT_MS = 30_000
/** A range later than this, in ms, is no failure, but others are asked beside it: ten times what a good link needs for 1 MiB. */
export const RANGE_LATE_MS = 5_000
/** A range that is here within this, in ms, came quickly: far more than a round trip, and less than half of what is late, so that twice as much is not. */
export const QUICK_RANGE_MS = 2_000
/** What a peer of which nothing is known is asked for at once, bytes: four round trips from 1 MiB, and over 90 kB/s from four peers in time. */
export const FIRST_RANGE_BYTES = 64 * 1024
/** What a peer is asked for at least, bytes: 64 of them fit a line of 130 kB/s. */
export const LEAST_RANGE_BYTES = 4 * 1024
/** Tips wanted at once, over all feeds; about 400 B each. */
export const MAX_WANTS = 8_192
/** Tips one peer may make us want: it takes four liars to fill MAX_WANTS. */
export const MAX_WANTS_PER_PEER = MAX_WANTS / 4
/** Tips wanted of a peer though MAX_WANTS is reached: with 512 peers as many again. */
export const ASSURED_WANTS_PER_PEER = 16
/** Tips one peer may make us want in one feed: main and rivals. */
export const MAX_WANTS_PER_FEED = MAX_RIVAL_BRANCHES + 2
/** Tips refused because a feed holds enough rivals, remembered so that no round fetches them again. */
export const MAX_REFUSED_TIPS = 4_096
/** Feeds of peers that go on with records of a later version of the format, remembered so that they are not asked for again and again; about 200 B each. */
export const MAX_NEWER_FEEDS = 4_096
/** A part of a chain shorter than this, in records and of all the bytes that fit an answer, or shorter than was asked for, though more was to come, is a drip. */
export const SHORT_RANGE_RECORDS = 500
export const SHORT_RANGE_SHARE = 0.5
/** Failures (time-outs, offers not kept) after which a peer is dropped; an answer that helped takes one away. */
export const MAX_STRIKES = 5
/** Time that takes one strike away, in ms: a peer that fails once in a while stays. */
export const STRIKE_AGE_MS = 120_000
/** Failures of one peer within this, in ms, count once: a lost connection fails all that was asked over it. */
export const FAILED_TOGETHER_MS = 5_000
/** Peers whose strikes are remembered, connected or not, about 150 B each. */
export const MAX_STRUCK_PEERS = 4_096
/** Failures of our own store in a row after which nothing is fetched for LOCAL_REST_MS: a full disk is not filled by trying. */
export const MAX_LOCAL_FAILURES = 3
export const LOCAL_REST_MS = 30_000
/** Connected peers the machine keeps state for: the connection manager's limit. */
export const MAX_SYNC_PEERS = 512
/** Records committed in one batch (NETWORK, Streams). */
export const MAX_COMMIT_RECORDS = 500
/** Records parsed in one turn, 1 ms, and verified together while the next are parsed. */
export const VERIFY_CHUNK = 64
/** Chunks of the one range in verification that are on their way: each of four threads has one, and one waits. */
export const VERIFY_CHUNKS_AHEAD = 5
/** Subscriptions one peer may hold on the serving side: 1,024 publishers. */
export const MAX_SUBSCRIPTIONS_PER_PEER = 4
/** Heads one slow watcher may have waiting; above it the oldest are forgotten, and its next round finds them. */
export const MAX_WAITING_HEADS = 4_096
/** Heads looked up in the store before others have a turn: each that is held is read from the disk in line, .1 ms and more where it is cold. */
export const HEADS_LOOKED_UP_AT_ONCE = 32
/** Head parts of one reply read: 64 feeds of 256 publishers, each with rivals, at two parts for every 512 heads. */
export const MAX_HEADS_PARTS = 640
/** Bytes a subscription lets wait for it: one full part of heads is 102 kB at most and must fit, or the subscription ends. */
export const SUBSCRIPTION_CREDIT_BYTES = 128 * 1024
/** The longest message of a subscription, a full part of heads: news of some heads needs no credit back before it has gathered. */
export const LONGEST_HEADS_BYTES = 104 * 1024
/**
 * What is read of one peer's subscriptions, bytes: a full part of 99 kB costs 2.1 ms, so .9 % of a core. The burst is what the watchers of
 * all four may have waiting at an honest peer, 16,384 heads; what comes in one part counts as LEAST_NEWS_BYTES at least, so 390 parts a second.
 */
export const NEWS_RATE: Rate = { burst: 4 << 20, perSecond: 400_000 }
export const LEAST_NEWS_BYTES = 1_024
/** Requests by which one peer is asked in one round what changed of publishers that it need not list, 256 in each; those beyond have their turn in later rounds. */
export const MAX_NAMED_REQUESTS = 16
/** Time a node waits for peers to name longer chains of its own feeds, in ms. */
export const OWN_HEADS_MS = 2_000
/** Peers from which longer chains of the own feeds are fetched at once: more than are asked but after a restore. */
export const MAX_ADOPTED_FROM = 8
/** Head parts of one reply read about one publisher: 64 feeds, each with rivals, fit two; hundreds of peers may be asked at once. */
export const MAX_OWN_HEADS_PARTS = 4
/** Publishers whose root keys are kept at hand, about 2 kB each. */
export const MAX_KNOWN_ROOTS = 2_048
/** Keys and delegates kept at hand over all publishers, about 150 B each: one who delegates without end pushes out the others, no more. */
export const MAX_KNOWN_ROOT_ENTRIES = 65_536
/** Newest admitted root records over all publishers, which may not be stored yet: some ranges of 1,000. */
export const MAX_RECENT_ROOT_RECORDS = 8_192
/** Feeds whose last change is remembered for peers that ask what changed, about 250 B each. */
export const MAX_LOGGED_FEEDS = 32_768
/** Logged changes gone through for a peer that count as one publisher looked up for it: .1 ms of each. */
export const CHANGES_PER_LOOK_UP = 1_000
/** Changes that later ones of their feeds replaced, kept beside twice the feeds until all are gone through: about 200 B each. */
export const MAX_REPLACED_CHANGES = 256
/** Time after which a peer is asked for whole heads though it tells what changes, in ms, jittered: the net below the rope. */
export const WHOLE_HEADS_MS = 30 * 60_000
/** Peers that are gone whose cookies are kept, about 200 B each. */
export const MAX_ABSENT_COOKIES = 512
/**
 * Time that subscribers wait for news which gossip brings as well, in ms, and up to so much longer by chance: who is told first by the
 * other need not tell it, and one telling holds the news of seconds. Of thirty subscribers the first is told after 1.2 s.
 */
export const TELL_AFTER_MS = 1_000
export const TELL_SPREAD_MS = 7_000
/** Ids of records stored lately that are known to be held without a look into the store, 20 B each from the start on. */
export const MAX_RECENT_IDS = 4_096
/** Peers remembered to hold a publisher, to know whether what is held here of it is fresh; the one that said so longest ago is forgotten. */
export const MAX_KNOWN_HOLDERS = 16
