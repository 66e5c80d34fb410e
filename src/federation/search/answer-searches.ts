import { setImmediate } from 'node:timers/promises'
import {
  encodeSearchHits,
  type PeerId,
  parseSearchRequest,
  type SearchHit,
  type SearchRequest,
} from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { MAX_PEER_BYTES, MAX_PEER_HITS, PACKED_BYTES } from './limits.ts'

export interface AnswerSearchesPorts {
  /** Hits among packages that are public; a private one is never among them. Best first, at most `k`. */
  readonly searchPublic: (
    request: SearchRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly SearchHit[]> | readonly SearchHit[]
  /** Tags of publishers of which public packages are held, at most 256; absent: it is not told. */
  readonly held?: () => readonly string[]
  readonly clock: Clock
}

/** The answering side: a request handler of `/hanse/<net>/search/1`, some hits a message, ending at the asker's deadline. */
export function answerSearches({ searchPublic, held, clock }: AnswerSearchesPorts) {
  return async function* answer(request: {
    readonly peer: PeerId
    readonly payload: Uint8Array
    readonly signal: AbortSignal
  }): AsyncGenerator<Uint8Array> {
    const asked = parseSearchRequest(request.payload)
    const late = new AbortController()
    const cancel = clock.after(asked.deadlineMs, () => late.abort())
    try {
      const signal = AbortSignal.any([request.signal, late.signal])
      const k = Math.min(asked.k, MAX_PEER_HITS)
      const hits = await searchPublic({ ...asked, k }, { signal })
      const told = asked.tellHeld ? held?.() : undefined
      let bytes = 0
      for (const [i, packed] of packsOf(hits.slice(0, k), told).entries()) {
        // The best hit leaves by itself: it does not wait for lost packets of the rest.
        if (i === 1) await setImmediate()
        const message = encodeSearchHits({ hits: packed, held: i === 0 ? told : undefined })
        bytes += message.byteLength
        if (signal.aborted || bytes > MAX_PEER_BYTES) return
        yield message
      }
    } finally {
      cancel()
    }
  }
}

/** Hits in their order, the best by itself, then as many in one message as fit 32 KiB: frames cost more than bytes. */
function packsOf([best, ...rest]: readonly SearchHit[], told: readonly string[] | undefined): SearchHit[][] {
  if (best === undefined) return told === undefined ? [] : [[]]
  const packs = [[best]]
  let room = 0
  for (const hit of rest) {
    const size = hit.envelopes.reduce((sum, { byteLength }) => sum + byteLength, 0)
    room -= size
    if (room < 0) {
      packs.push([])
      room = PACKED_BYTES - size
    }
    packs.at(-1)!.push(hit)
  }
  return packs
}
