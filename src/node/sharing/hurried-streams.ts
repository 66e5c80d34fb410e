import { type Clock, FederationError, type FetchContext } from '../../federation/index.ts'
import { HURRIED_BYTES_PER_MS, HURRIED_IDLE_MS } from './limits.ts'

type Streams = FetchContext['streams']
/** The least and the most credit that a request of the content protocol may grant, bytes. */
const [LEAST_CREDIT_BYTES, MOST_CREDIT_BYTES] = [64 * 1024, 2 * 1024 * 1024]

/**
 * Streams for an artifact that could as well come from somewhere else: all peers together get `firstByteMs` to their first bytes,
 * and one that has begun a second between two pieces, and a second and what a slow link takes for all of them. Credit is for this artifact's bytes, so that many small ones run side
 * by side; waiting for a place on a stream of one's own costs the peer nothing.
 */
export function hurriedStreams(streams: Streams, sizeBytes: number, firstByteMs: number, clock: Clock): Streams {
  const endAt = clock.now() + firstByteMs
  const creditBytes = Math.min(MOST_CREDIT_BYTES, Math.max(LEAST_CREDIT_BYTES, sizeBytes))
  return {
    reportOffence: (peer, code) => streams.reportOffence(peer, code),
    async *request(peer, protocol, payload, options = {}) {
      const stop = new AbortController()
      const signals = [stop.signal, ...(options.signal === undefined ? [] : [options.signal])]
      const hurried = {
        ...options,
        creditBytes,
        signal: AbortSignal.any(signals),
        firstByteMs: Math.max(1, endAt - clock.now()),
      }
      const wholeMs = HURRIED_IDLE_MS + sizeBytes / HURRIED_BYTES_PER_MS
      yield* withoutPauses(streams.request(peer, protocol, payload, hurried), { stop, clock, wholeMs })
    },
  }
}

interface Patience {
  readonly stop: AbortController
  readonly clock: Clock
  /** Ms of waiting for all pieces after the first. */
  readonly wholeMs: number
}

/** Ends an answer that pauses or trickles after its first piece; what the reader takes for itself is no pause. */
async function* withoutPauses(
  answer: AsyncGenerator<Uint8Array>,
  { stop, clock, wholeMs }: Patience,
): AsyncGenerator<Uint8Array> {
  const stalled = new FederationError('E_TOO_SLOW', 'the answer pauses or trickles')
  let leftMs = wholeMs
  let result = await answer.next()
  try {
    while (!result.done) {
      yield result.value
      const since = clock.now()
      const cancel = clock.after(Math.max(1, Math.min(HURRIED_IDLE_MS, leftMs)), () => stop.abort(stalled))
      result = await answer.next().finally(cancel)
      leftMs -= clock.now() - since
    }
  } finally {
    await answer.return(undefined)
  }
}
