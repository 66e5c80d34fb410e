/** Connections with one peer that it may add to: two that dialled each other at once, one through a relay, one of a dial back. */
export const MAX_CONNECTIONS_OF_PEER = 4
/** What a peer may send on one stream before it is told of more, bytes: a window at a round trip, so 20 MB/s at 100 ms. */
export const MAX_STREAM_WINDOW_BYTES = 2 << 20
/**
 * What a peer asks of the muxer itself, some 12 bytes each: pings, of which libp2p's sends one in 30 s, and streams, of which a look-up
 * opens some hundreds and each costs up to 300 µs.
 */
export const YAMUX_ASKS = { burst: 1_024, perSecond: 128 }
/** Data that waits on a connection which takes nothing before what comes next stays in its stream, bytes: a window, so that one stream is never held up. */
export const MAX_WAITING_BYTES = MAX_STREAM_WINDOW_BYTES
/**
 * Frames that wait on such a connection, which ends above that, some 400 B each: what of streams opens, ends and updates in the two
 * minutes after which a silent one ends in any case.
 */
export const MAX_WAITING_FRAMES = 8_192

/**
 * What a peer brings on streams that libp2p reads, bytes: greetings, pings, who it is, and answers of the DHT, of which a burst of
 * look-ups brings some hundreds of 6 kB. None of it is bounded there before it is here: 4 MiB a stream of the DHT, all of a ping's.
 */
export const LIBP2P_READS = { burst: 4 << 20, perSecond: 256 << 10 }
/** On all other streams that are not read in place, bytes: twice what gossip and bitswap, which count by themselves, take. */
export const BUDGETED_READS = { burst: 32 << 20, perSecond: 2 << 20 }
/** What a piece counts at least, bytes: as much as keeping it costs. */
export const MIN_PIECE_BYTES = 256
