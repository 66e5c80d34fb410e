/*
 * A relay's bounds. libp2p's own are 15 reservations and 128 KiB in 2 minutes a circuit, which one heads exchange uses up.
 * What a stranger may cost: a circuit holds two streams and, while one end does not read, what is bounded below; its bytes are the bound that counts.
 */

/** Nodes that may be reached through this one at once, about 5 kB each. */
export const MAX_RESERVATIONS = 128
/** Of one address (an IPv6 network of 64 bits counts as one): an office behind one gateway, and no stranger takes all places. */
export const MAX_RESERVATIONS_PER_HOST = 8
/** How long a reservation stands, ms; asked for anew before its end. */
export const RESERVATION_MS = 3_600_000
/** Bytes of one circuit, both ways together: some packages and a long catch-up; more than that should not go twice through a third. */
export const CIRCUIT_BYTES = 64n << 20n
/** How long a circuit stands, ms: announcements need one that lasts, and its end costs a dial. */
export const CIRCUIT_MS = 3_600_000
/** Bytes that wait for one end of a circuit before the other may send no more than its window, each way: enough to keep both busy. */
export const MAX_CIRCUIT_WAITING_BYTES = 512 << 10
/** Longest request that a peer makes of a relay, or a relay of this node, bytes: a peer and its addresses, which are not looked at. */
export const MAX_CIRCUIT_REQUEST_BYTES = 16 << 10
/** Circuits that one peer may open: a burst of its own and then one in 15 s, so 64 MiB in 15 s are the most that it can ask for. */
export const CIRCUITS_PER_PEER = { burst: 16, perSecond: 1 / 15 }
/** Circuits of all peers together, in which no newcomer's identity counts. */
export const CIRCUITS_IN_ALL = { burst: 256, perSecond: 4 }
/** Peers whose circuits are counted, 100 B each; those forgotten first have not opened any for longest. */
export const MAX_COUNTED_PEERS = 4_096

/** Relays that a node keeps a reservation with: one may go away without the node being lost. */
export const WANTED_RELAYS = 2
/** Between two looks at the reservations, ms. */
export const LOOK_MS = 15_000
/** Wait after a relay refused or could not be reached, doubled each time, ms. */
export const FIRST_RETRY_MS = 15_000
export const LAST_RETRY_MS = 600_000
/** Longest attempt to get a reservation, dialling included, ms. */
export const RESERVE_MS = 15_000
