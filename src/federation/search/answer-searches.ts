import {
  encodeSearchHits,
  type PeerId,
  parseSearchRequest,
  type SearchHit,
  type SearchRequest,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { Clock } from '../streams/clock.ts'
import { MAX_PEER_BYTES, MAX_PEER_HITS } from './limits.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface AnswerSearchesPorts {
  /** Hits among packages that are public; a private one is never among them. Best first, at most `k`. */
  readonly searchPublic: (
    request: SearchRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly SearchHit[]> | readonly SearchHit[]
  readonly clock: Clock
}

/** The answering side: a request handler of `/hanse/<net>/search/1`, one hit a message, ending at the asker's deadline. */
export function answerSearches({ searchPublic, clock }: AnswerSearchesPorts) {
  const buckets = new TokenBuckets()
  return async function* answer(request: {
    readonly peer: PeerId
    readonly payload: Uint8Array
    readonly signal: AbortSignal
  }): AsyncGenerator<Uint8Array> {
    if (!buckets.mayTake(request.peer, clock.now())) {
      throw new FederationError('E_BUSY', 'too many searches from this peer')
    }
    const asked = parseSearchRequest(request.payload)
    const late = new AbortController()
    const cancel = clock.after(asked.deadlineMs, () => late.abort())
    try {
      const signal = AbortSignal.any([request.signal, late.signal])
      const k = Math.min(asked.k, MAX_PEER_HITS)
      const hits = await searchPublic({ ...asked, k }, { signal })
      let bytes = 0
      for (const hit of hits.slice(0, k)) {
        const message = encodeSearchHits({ hits: [hit] })
        bytes += message.byteLength
        if (signal.aborted || bytes > MAX_PEER_BYTES) return
        yield message
      }
    } finally {
      cancel()
    }
  }
}
