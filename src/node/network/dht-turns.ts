import { BoundedMap, type Clock, pause, type Rate, TokenBucket } from '../../federation/index.ts'

/**
 * Requests to one peer of the DHT, at once and a second, each a stream: who mirrors thousands of artifacts that nobody has looks for each
 * of them at the same peers, and would else be an offender to all (`YAMUX_ASKS`), or they to it, by what they answer (`LIBP2P_READS`).
 */
export const DHT_ASKS: Rate = { burst: 512, perSecond: 32 }
/** Longest a request waits for its turn, ms: duties and mirrors ask four at a time, and an answer is waited for so long at least. */
const MAX_TURN_MS = 1_000
/** Peers with a running count of requests, about 200 B each; the least recently asked is forgotten. */
const MAX_ASKED = 1_024

/** When the peers of the DHT may be asked again. */
export class DhtTurns {
  readonly #clock: Clock
  readonly #asks = new BoundedMap<string, TokenBucket>(MAX_ASKED)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits until one more request may go to a peer. @throws Error when too many wait before it */
  async turn(peer: string, signal = AbortSignal.timeout(2 * MAX_TURN_MS)): Promise<void> {
    const now = this.#clock.now()
    const bucket = this.#asks.get(peer) ?? new TokenBucket(DHT_ASKS, now)
    this.#asks.set(peer, bucket)
    if (bucket.waitMsOf(1, now) > MAX_TURN_MS) throw new Error('the peer was asked as often as it bears')
    await pause(this.#clock, bucket.charge(1, now), signal)
  }
}
