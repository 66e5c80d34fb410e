import type { Stream, StreamMiddleware } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { TokenBucket } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'

export const BITSWAP = '/ipfs/bitswap/1.2.0'
/** Bytes one peer may send by bitswap: wants and cancels alone, 45 B each, because this node asks for nothing that way. */
const WANTS = { burst: 4 << 20, perSecond: 64 << 10 }
/** Bytes above it after which a peer is dropped. */
const MAX_EXCESS_BYTES = 4 << 20
/** Peers with a running budget, about 200 B each; the least recently heard is forgotten. */
const MAX_PEERS = 1_024

interface Line {
  readonly bucket: TokenBucket
  excess: number
}
/** A stream of libp2p as its muxer sees it. */
interface Fed {
  onData(data: Uint8Array | Uint8ArrayList): void
}

/** Bounds what each peer sends by bitswap, which decodes every want-list whole and looks for each block in it. */
export function bitswapBudget(onFlood: (peer: PeerId) => void, now: () => number): StreamMiddleware {
  const lines = new Map<PeerId, Line>()
  const lineOf = (peer: PeerId): Line => {
    const line = lines.get(peer) ?? { bucket: new TokenBucket(WANTS, now()), excess: 0 }
    lines.delete(peer)
    lines.set(peer, line)
    if (lines.size > MAX_PEERS) lines.delete(lines.keys().next().value!)
    return line
  }
  return (stream, connection, next) => {
    const peer = connection.remotePeer.toString() as PeerId
    metered(stream, bytes => {
      const line = lineOf(peer)
      if (line.bucket.waitMsOf(bytes, now()) === 0) {
        line.bucket.charge(bytes, now())
        return true
      }
      line.excess += bytes
      if (line.excess > MAX_EXCESS_BYTES) {
        line.excess = 0
        onFlood(peer)
      }
      return false
    })
    next(stream, connection)
  }
}

/** Aborts the stream at the first data that may not come; a listener would take the data from the handler that is to come. */
function metered(stream: Stream, may: (bytes: number) => boolean): void {
  const fed = stream as unknown as Fed
  const take = fed.onData.bind(stream)
  fed.onData = data => {
    if (may(data.byteLength)) take(data)
    else stream.abort(new Error('over budget'))
  }
}
