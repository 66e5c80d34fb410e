import type { PeerId } from '../../protocol/index.ts'
import { BUCKET_TOKENS, BUCKET_TOKENS_PER_SECOND, MAX_BUCKETS } from './limits.ts'

/** How often each peer may ask: a bucket of 20 that refills with 5 a second. */
export class TokenBuckets {
  /** In the order of last use. */
  readonly #buckets = new Map<PeerId, { tokens: number; atMs: number }>()

  /** Whether the peer may ask at `nowMs`; taking a token if so. */
  mayTake(peer: PeerId, nowMs: number): boolean {
    const known = this.#buckets.get(peer) ?? { tokens: BUCKET_TOKENS, atMs: nowMs }
    const earned = (Math.max(0, nowMs - known.atMs) / 1000) * BUCKET_TOKENS_PER_SECOND
    const tokens = Math.min(BUCKET_TOKENS, known.tokens + earned)
    const may = tokens >= 1
    this.#buckets.delete(peer)
    this.#buckets.set(peer, { tokens: may ? tokens - 1 : tokens, atMs: nowMs })
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!)
    return may
  }
}
