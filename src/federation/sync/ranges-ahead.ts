import { encodeFeedRequest, type FeedHead, type PeerId, parseRange } from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'
import { fromPeer } from './from-peer.ts'
import { MAX_RANGES_AHEAD } from './limits.ts'

/** Which part of a chain is asked of whom. */
export interface RangePlace {
  readonly peer: PeerId
  readonly head: FeedHead
  readonly from: number
}

/** A part on its way: its envelopes, null for what is no range. */
interface Coming {
  readonly envelopes: Promise<Uint8Array[] | null>
  readonly abort: () => void
}

/**
 * Asks for parts of chains, and for the next part while one is verified and stored: a chain costs no pause for each part. What is
 * asked ahead lives until the part before it is settled: then it is what is asked next, or it is dropped.
 */
export class RangesAhead {
  readonly #client: FeedClient
  readonly #ahead = new Map<string, Coming>()

  constructor(client: FeedClient) {
    this.#client = client
  }

  /** How many parts are asked ahead. */
  get size(): number {
    return this.#ahead.size
  }

  /** The envelopes of a part, asked for now unless they were ahead; null for what is no range. @throws FederationError E_PEER_FAILED */
  async take(place: RangePlace, signal: AbortSignal): Promise<Uint8Array[] | null> {
    const key = keyOf(place)
    const { envelopes, abort } = this.#ahead.get(key) ?? this.#ask(place)
    this.#ahead.delete(key)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await envelopes
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Asks for a part that is expected to be taken next; not if much is ahead already. */
  begin(place: RangePlace): void {
    if (this.#ahead.size >= MAX_RANGES_AHEAD || this.#ahead.has(keyOf(place))) return
    this.#ahead.set(keyOf(place), this.#ask(place))
  }

  /** Drops what is ahead of a chain and was not taken. */
  drop(place: Omit<RangePlace, 'from'>): void {
    for (const [key, { abort }] of this.#ahead) {
      if (!key.startsWith(chainOf(place))) continue
      this.#ahead.delete(key)
      abort()
    }
  }

  #ask({ peer, head, from }: RangePlace): Coming {
    const controller = new AbortController()
    const payload = encodeFeedRequest({ ask: 'range', publisher: head.publisher, feed: head.feed, from, to: head.id })
    const envelopes = firstRange(fromPeer(this.#client.request(peer, payload, { signal: controller.signal })))
    // Who takes it hears of a failure; who does not has no use for it.
    envelopes.catch(() => {})
    return { envelopes, abort: () => controller.abort() }
  }
}

const chainOf = ({ peer, head }: Omit<RangePlace, 'from'>) => `${peer}/${head.id}/`
const keyOf = (place: RangePlace) => `${chainOf(place)}${place.from}`

async function firstRange(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[] | null> {
  for await (const part of parts) return parseRange(part)
  return []
}
