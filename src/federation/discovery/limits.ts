/** Connections a node wants at least: gossip's mesh of 6 and room for churn (NETWORK, Settings). */
export const MIN_CONNECTIONS = 12
/** Connections above which one of this node's own choice gives its place to an untried peer although it served. */
export const ENOUGH_CONNECTIONS = 20
/** Own dials among them at least, so that strangers who dial us cannot be all we see (eclipse). */
export const MIN_OUTBOUND = 8
/** Own dials at most while those beyond two of one part of the network do not count: then all of them are there. */
export const MAX_OUTBOUND = 16
/** Own dials into one part of the network (/16 of IPv4, /32 of IPv6) before candidates from all other parts come first. */
export const CROWDED_GROUP = 2
/** Connections above which some are told to go, so that newcomers find a place: libp2p takes 300. */
export const KEPT_CONNECTIONS = 240
/** Connections above which newcomers have no time of grace. */
export const TIGHT_CONNECTIONS = 280
/** Time a newcomer has to ask for node records before it may be told to go, ms. */
export const NEWCOMER_MS = 30_000
/** Time after which a connection that brought no records may give its place to another, ms. */
export const TRIAL_MS = 4 * 60_000
/** Time after which a connection that this node opened for a query of the DHT and that brought nothing is closed, ms: longer than one query needs it. */
export const QUIET_MS = 90_000
/** Time between two trials of an untried peer, ms, while one connected peer at least has brought records: an eclipse heals. */
export const ROTATE_EVERY_MS = 30 * 60_000
/** The same while nobody has: then this node may be surrounded. */
export const ROTATE_SOON_MS = 5 * 60_000
/** Peers dialled first after a restart: more than one, so that one that died does no harm; few, as each takes a place from chance. */
export const MAX_ANCHORS = 4
/** Dials at once: candidates by hearsay may be silent, and each is waited for. */
export const MAX_DIALS = 8
/** Dials of peers known by hearsay alone: at once after a rest, and a second. A flood of made-up records makes nobody a port scanner. */
export const GUESSES = { burst: 32, perSecond: 1 }
/** Time between looks for such a peer while connections are missing, ms. */
export const GUESS_MS = 1_000
/** Of them, dials of peers that are said to serve a followed publisher: anyone can say so. */
export const MAX_HOLDER_DIALS = 4
/** First wait after a failed dial, ms; doubled each time, jittered by ± 50 %. */
export const FIRST_BACKOFF_MS = 5_000
/** Longest wait after a failed dial, ms. */
export const LONGEST_BACKOFF_MS = 30 * 60_000
/** Longest wait after a failed dial of a pinned or bootstrap peer, ms: it is somebody's choice, not a guess, and one that does not know a new member yet soon will. */
export const LONGEST_PINNED_BACKOFF_MS = 60_000
/** A peer whose connection was lost is taken for cut off this long, ms: it, or this node, will be back. */
export const CUT_OFF_MS = 60 * 60_000
/** Longest wait after a failed dial of such a peer, ms: with the 15 s of a dial, in which its first packet goes out four times, two sides meet within half a minute. */
export const LONGEST_CUT_OFF_BACKOFF_MS = 10_000
/** Dials of such peers at once while no connection is missing and own ones are fewer than MAX_OUTBOUND (who was cut off again and again would gather ever more): two halves of a federation have all the connections they want, and must meet again. */
export const MAX_CUT_OFF_DIALS = 1
/** One in so many dials of such a peer goes to all addresses it named, the others to where it was reached: it could name a victim's. */
export const CUT_OFF_DIALS = 8
/** A connection that was dialled and is cut within this, ms, was not let in: the other side judges who dials when the handshake is over on this side, a way there and back before it is seen. */
export const HUNG_UP_MS = 3_000
/** A dial later than this, ms, counts as failed. */
export const DIAL_TIMEOUT_MS = 15_000
/** Peers connected, beyond all others, for what they hold when this node searches: with 12 others what a hundred nodes hold is covered. */
export const MAX_COVER_DIALS = 12
/** Searches asked of a peer after which what no verified hit of it bore out gives way to what others claim: some words find nothing of a small publisher. */
export const DOUBTED_AFTER_SEARCHES = 32
/** So long after a search a node counts as one that searches, ms. */
export const SEARCHING_MS = 60 * 60_000
/** Time between two looks at who holds what no connected peer holds, ms: 512 nodes of 64 tags each take some milliseconds. */
export const COVER_LOOK_MS = 1_000
/** Candidates remembered; the least promising is forgotten first. */
export const MAX_CANDIDATES = 2_048
/** Of them, those remembered by the word of one peer. */
export const MAX_CANDIDATES_FROM_ONE = 64
/** Of them, those by hearsay in one part of the network: a company behind one address has fewer nodes that others must dial. */
export const MAX_CANDIDATES_OF_GROUP = 128
/** Peers of which it is known how true their candidates were. */
export const MAX_INFORMANTS = 1_024
/** Addresses remembered of one candidate. */
export const MAX_ADDRESSES = 8
/** Of them, those that the operator named and nobody's word takes the places of: a peer that moved is found by what it says since. */
export const MAX_CHOSEN_ADDRESSES = 4
/** Failures after which a candidate that is known by hearsay alone is forgotten. */
export const MAX_FAILURES = 6
/** Time between provider records of one publisher, ms: kad-dht keeps them 24 h and moves with churn. */
export const PROVIDE_EVERY_MS = 10 * 60 * 60_000
/** Time between the first DHT lookups of one followed publisher while it has no holder connected, ms; doubled each time up to the next. */
export const LOOKUP_EVERY_MS = 5 * 60_000
/** Time from the first connection after there was none to such a lookup, ms: by then there may be more to ask, and a federation that comes back does not ask all at once. */
export const LOOKUP_AGAIN_MS = 10_000
/** Time between DHT lookups of one followed publisher while a holder is connected, ms. */
export const CALM_LOOKUP_EVERY_MS = 60 * 60_000
/** Longest a DHT operation may take, ms: one asks peers that others name, each of which may be silent; what was found until then counts. */
export const DHT_ASK_MS = 60_000
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
/** A node record dated later than this from now, ms, is one of the future: honest clocks are closer. */
export const CLOCK_ROOM_MS = 60 * 60_000
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
/** One peer is not asked again before, ms, however often it connects; a quarter of what its budget gives. */
export const ASK_AGAIN_MS = 60_000
/** Peers of which it is known when they were asked. */
export const MAX_ASKED_PEERS = 1_024
/** Time between rounds in which one connected peer is asked for node records, ms. */
export const ASK_ROUND_MS = 2 * 60_000
/** The same while connections are missing, ms. */
export const ASK_SOON_MS = 15_000
