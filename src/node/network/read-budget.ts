import { type Clock, systemClock, TokenBucket } from '../../federation/index.ts'
import type { Pieces } from './direct-stream.ts'
import { BUDGETED_READS, LIBP2P_READS, MIN_PIECE_BYTES } from './limits.ts'
import { YamuxFault } from './yamux-frames.ts'

/** What libp2p itself speaks, and streams of which it is not said yet what is spoken. */
const LIBP2P = /^$|^\/ipfs\/(ping|id)\/|\/kad\/1$/
/** What a circuit carries is bounded by the relay, and read at once by the connection that it is. */
const CIRCUIT = /^\/libp2p\/circuit\//

/**
 * Bounds what one peer brings on streams that libp2p reads. It tells a peer that it may send more as soon as something came, and keeps
 * that until whoever should read it is done with something else, each piece with all of the memory in which it came.
 */
export class ReadBudget {
  readonly #clock: Clock
  readonly #libp2p: TokenBucket
  readonly #others: TokenBucket

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#libp2p = new TokenBucket(LIBP2P_READS, clock.now())
    this.#others = new TokenBucket(BUDGETED_READS, clock.now())
  }

  /** What may be kept of a piece that came. @throws YamuxFault when the peer brought too much */
  admit(protocol: string, data: Pieces): Pieces {
    if (CIRCUIT.test(protocol)) return data
    const bucket = LIBP2P.test(protocol) ? this.#libp2p : this.#others
    if (bucket.charge(Math.max(data.byteLength, MIN_PIECE_BYTES), this.#clock.now()) > 0)
      throw new YamuxFault('too many bytes')
    const isSparse = data instanceof Uint8Array && data.byteLength * 4 < data.buffer.byteLength
    return isSparse ? new Uint8Array(data) : data
  }
}
