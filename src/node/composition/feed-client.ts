import {
  type FeedClient,
  type KeptStreams,
  LONGEST_HEADS_BYTES,
  RANGE_MOST_MS,
  type RequestOptions,
  SUBSCRIPTION_CREDIT_BYTES,
} from '../../federation/index.ts'
import { type FeedRequest, parseFeedRequest } from '../../protocol/index.ts'

/** A subscription waits for news without a time-out. */
const SUBSCRIPTION_BOUNDS: RequestOptions = {
  ...{ creditBytes: SUBSCRIPTION_CREDIT_BYTES, longestBytes: LONGEST_HEADS_BYTES },
  ...{ firstByteMs: 0, minBytesPerSecond: 0 },
}
/** What is asked beside ranges comes behind them. */
const BOUNDS: RequestOptions = { queuedMs: RANGE_MOST_MS }
/** How fast a range has to come is known by who asks many peers, over one line. */
const RANGE_BOUNDS: RequestOptions = { ...BOUNDS, minBytesPerSecond: 0 }

/** Asks peers for feeds over the kept streams of the feed protocol. */
export const feedClientOf = (streams: KeptStreams, protocol: string): FeedClient => ({
  request: (peer, payload, options) =>
    streams.request(peer, protocol, payload, { ...options, ...boundsOf(parseFeedRequest(payload)?.ask) }),
  features: (peer, { signal }) => streams.features(peer, protocol, signal),
})

function boundsOf(ask: FeedRequest['ask'] | undefined): RequestOptions {
  if (ask === 'subscribe') return SUBSCRIPTION_BOUNDS
  return ask === 'range' ? RANGE_BOUNDS : BOUNDS
}
