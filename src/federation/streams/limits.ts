/** Longest wait for a peer's HELLO, ms. */
export const HELLO_MS = 10_000
/** Longest wait for a stream to open, ms. */
export const OPEN_MS = 10_000
/** Longest wait for the first byte of an answer, ms (specification section 10.5). */
export const FIRST_BYTE_MS = 10_000
/** Least speed of an answer while somebody waits for it, bytes a second (specification section 10.5). */
export const MIN_BYTES_PER_SECOND = 16_000
/** Waiting time over which the speed is measured, ms. */
export const SPEED_WINDOW_MS = 5_000
/** A busy stream that is silent for this long is asked by PING, ms. */
export const PING_AFTER_MS = 20_000
/** A PING that nothing follows for this long ends the stream, ms. */
export const PONG_MS = 20_000
/** An answer that gets no credit for this long is given up, so that a silent reader holds no handler, ms. */
export const STALL_MS = 60_000
/** Most frames waiting to be written to one stream: 64 answers and ends with room for replies to PING. */
export const MAX_QUEUED_FRAMES = 512
/** Most requests waiting for a place on one stream; more are refused here as busy. */
export const MAX_WAITING_REQUESTS = 1024
/** Most handlers of one stream still running, cancelled ones counted: cancelling frees a place only once they stop. */
export const MAX_RUNNING_HANDLERS = 128
