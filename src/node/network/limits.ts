/** What a peer may send on one stream before it is told of more, bytes: a window at a round trip, so 20 MB/s at 100 ms. */
export const MAX_STREAM_WINDOW_BYTES = 2 << 20
