import { once } from 'node:events'
import { FederationError, type RequestHandler } from '../../src/federation/index.ts'
import {
  encodeHeads,
  encodeHeadsSinceEnd,
  encodeNodes,
  encodePublishers,
  encodeRange,
  encodeSearchHits,
  parseFeedRequest,
} from '../../src/protocol/index.ts'

/** What an honest peer answers that holds nothing, by the protocol. */
export const EMPTY_ANSWERS: Readonly<Record<string, RequestHandler>> = {
  '/hanse/main/feed/1': ({ payload, signal }) => feedAnswer(payload, signal),
  '/hanse/main/content/1': () => notFound(),
  '/hanse/main/search/1': () => one(encodeSearchHits({ hits: [] })),
  '/hanse/main/peers/1': () => one(encodeNodes([])),
}

async function* feedAnswer(payload: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  switch (parseFeedRequest(payload)?.ask) {
    case 'heads':
      return yield* encodeHeads([])
    case 'heads-since':
      return yield encodeHeadsSinceEnd({ boot: 'empty', at: 0, whole: true })
    case 'publishers':
      return yield encodePublishers([])
    case 'range':
      return yield encodeRange([])
    case 'subscribe':
      if (!signal.aborted) await once(signal, 'abort')
      return
    default:
      throw new FederationError('E_BAD_REQUEST', 'not a feed request')
  }
}

async function* one(message: Uint8Array): AsyncGenerator<Uint8Array> {
  yield message
}

// biome-ignore lint/correctness/useYield: an answer that is an error alone
async function* notFound(): AsyncGenerator<Uint8Array> {
  throw new FederationError('E_NOT_FOUND', 'nothing is held here')
}
