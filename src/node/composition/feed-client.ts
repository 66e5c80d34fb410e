import {
  type FeedClient,
  type KeptStreams,
  LONGEST_HEADS_BYTES,
  SUBSCRIPTION_CREDIT_BYTES,
} from '../../federation/index.ts'
import { parseFeedRequest } from '../../protocol/index.ts'

/** A subscription waits for news without a time-out; all else on the feed stream has the stream's own bounds. */
const SUBSCRIPTION_BOUNDS = {
  ...{ creditBytes: SUBSCRIPTION_CREDIT_BYTES, longestBytes: LONGEST_HEADS_BYTES },
  ...{ firstByteMs: 0, minBytesPerSecond: 0 },
}

/** Asks peers for feeds over the kept streams of the feed protocol. */
export const feedClientOf = (streams: KeptStreams, protocol: string): FeedClient => ({
  request: (peer, payload, { signal }) => {
    const bounds = parseFeedRequest(payload)?.ask === 'subscribe' ? SUBSCRIPTION_BOUNDS : {}
    return streams.request(peer, protocol, payload, { signal, ...bounds })
  },
  features: (peer, { signal }) => streams.features(peer, protocol, signal),
})
