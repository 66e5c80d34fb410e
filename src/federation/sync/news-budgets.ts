import type { PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../streams/clock.ts'
import { pause } from '../streams/pause.ts'
import { TokenBucket } from '../streams/token-bucket.ts'
import { LEAST_NEWS_BYTES, MAX_SYNC_PEERS, NEWS_RATE } from './limits.ts'

/**
 * How much of what a peer tells by its subscriptions is read: what is above it waits, and so does the peer once its credit is spent. Nothing
 * is lost by that: heads that wait there are overtaken by later ones of their feeds. Kept beyond the connection, so that dialling again gains nothing.
 */
export class NewsBudgets {
  readonly #clock: Clock
  readonly #budgets = new BoundedMap<PeerId, TokenBucket>(MAX_SYNC_PEERS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many peers have one. */
  get size(): number {
    return this.#budgets.size
  }

  /** Resolves when a part of so many bytes may be read; rejects with the signal's reason. */
  async take(peer: PeerId, bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    const budget = this.#budgets.get(peer) ?? new TokenBucket(NEWS_RATE, now)
    this.#budgets.set(peer, budget)
    await pause(this.#clock, budget.charge(Math.max(bytes, LEAST_NEWS_BYTES), now), signal)
  }
}
