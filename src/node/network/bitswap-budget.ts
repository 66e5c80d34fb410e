import type { Libp2p, Stream, StreamHandler } from '@libp2p/interface'
import { BoundedMap, TokenBucket } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import type { Pieces } from './direct-stream.ts'
import { MessageWeights } from './message-weights.ts'

const BITSWAP = '/ipfs/bitswap/1.2.0'
/** Bytes one peer may send by bitswap: wants and cancels alone, 45 B each, because this node asks for nothing that way; 4,096 short messages at once. */
const WANTS = { burst: 1 << 20, perSecond: 16 << 10 }
/** A want-list is at most this long, bytes: 5,000 wants, five times what is remembered of one peer. */
export const MAX_WANT_LIST_BYTES = 256 << 10
/** Peers with a running budget, about 200 B each; the least recently heard is forgotten. */
const MAX_PEERS = 1_024

/** A stream of libp2p as its muxer sees it. */
interface Fed {
  onData(data: Pieces): void
}

/**
 * Stands before the handler that bitswap is about to register. Not a middleware of libp2p: that adds the handler of each stream to
 * the list of them, and runs all of it the next time.
 */
export function budgetBitswap(libp2p: Libp2p, onFlood: (peer: PeerId) => void): void {
  const handle = libp2p.handle.bind(libp2p)
  const budgeted = bitswapBudget(onFlood, () => performance.now())
  libp2p.handle = async (protocols, handler, options) =>
    await handle(protocols, [protocols].flat().includes(BITSWAP) ? budgeted(handler) : handler, options)
}

/** Bounds what each peer sends by bitswap, which decodes every want-list whole and looks for each block in it. */
export function bitswapBudget(
  onFlood: (peer: PeerId) => void,
  now: () => number,
): (handler: StreamHandler) => StreamHandler {
  const buckets = new BoundedMap<PeerId, TokenBucket>(MAX_PEERS)
  const bucketOf = (peer: PeerId): TokenBucket => {
    const bucket = buckets.get(peer) ?? new TokenBucket(WANTS, now())
    buckets.set(peer, bucket)
    return bucket
  }
  return handler => (stream, connection) => {
    const peer = connection.remotePeer.toString() as PeerId
    const weights = new MessageWeights()
    bound(stream, data => {
      const bucket = bucketOf(peer)
      const bytes = weights.weigh(data)
      const isOver = bucket.waitMsOf(bytes, now()) > 0
      if (isOver) onFlood(peer)
      else bucket.charge(bytes, now())
      return !isOver
    })
    return handler(stream, connection)
  }
}

/** Aborts the stream at the first data that may not come; a listener would take the data from the handler that is to come. */
function bound(stream: Stream, may: (data: Pieces) => boolean): void {
  const fed = stream as unknown as Fed
  const take = fed.onData.bind(stream)
  fed.onData = data => {
    if (may(data)) take(data)
    else stream.abort(new Error('over budget'))
  }
}
