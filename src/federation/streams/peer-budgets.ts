import type { PeerId } from '../../protocol/index.ts'
import type { PeerBudget } from './answering-stream.ts'
import { type Clock, systemClock } from './clock.ts'
import { LOOKED_AT_PER_NEW_BUDGET, MAX_BUDGETS, REQUEST_COST_BYTES } from './limits.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

/** What one peer may have of one protocol. */
export interface Allowance {
  /** Requests; a long one counts as several. */
  readonly requests: Rate
  /** Bytes of answers, each message at its credit cost. */
  readonly bytes: Rate
  /** Longest wait of a request for its turn, ms; beyond it the request ends as busy. */
  readonly maxWaitMs: number
}

export interface PeerBudgetsPorts {
  /** By protocol name; every protocol that is answered has one. */
  readonly allowances: Readonly<Record<string, Allowance>>
  readonly clock?: Clock
  /** A request was refused as busy, or a request or message has to wait; for the metrics. */
  readonly onOver?: (how: 'busy' | 'paced', peer: PeerId) => void
}

interface Budget {
  readonly requests: TokenBucket
  readonly bytes: TokenBucket
}

/**
 * What this node does for each peer, bounded for each protocol by itself and kept over reconnects. A budget is
 * forgotten only when it is full again, which nobody can tell from a new one; while too many are not full, peers
 * that have none yet share one, so that many identities push no other peer's debt out.
 */
export class PeerBudgets implements PeerBudget {
  readonly #ports: PeerBudgetsPorts
  readonly #clock: Clock
  /** Those looked at longest ago come first. */
  readonly #own = new Map<string, Budget>()
  readonly #shared = new Map<string, Budget>()

  #last = { peer: '', protocol: '', key: '' }

  constructor(ports: PeerBudgetsPorts) {
    this.#ports = ports
    this.#clock = ports.clock ?? systemClock
  }

  chargeRequest(peer: PeerId, protocol: string, requestBytes: number): number | 'busy' {
    const now = this.#clock.now()
    const { requests, bytes } = this.#budgetOf(peer, protocol, now)
    const cost = 1 + Math.floor(requestBytes / REQUEST_COST_BYTES)
    // New work waits for the bytes of the old: else a peer that cancels what was read for it would never pay.
    const waitMs = Math.max(requests.waitMsOf(cost, now), bytes.waitMsOf(0, now))
    if (waitMs > this.#allowanceOf(protocol).maxWaitMs) {
      this.#ports.onOver?.('busy', peer)
      return 'busy'
    }
    requests.charge(cost, now)
    return this.#told(waitMs, peer)
  }

  chargeBytes(peer: PeerId, protocol: string, bytes: number): number {
    const now = this.#clock.now()
    return this.#told(this.#budgetOf(peer, protocol, now).bytes.charge(bytes, now), peer)
  }

  #told(waitMs: number, peer: PeerId): number {
    if (waitMs > 0) this.#ports.onOver?.('paced', peer)
    return waitMs
  }

  /** The last one again as it is: text that is joined has to be hashed anew. */
  #keyOf(peer: PeerId, protocol: string): string {
    if (this.#last.peer !== peer || this.#last.protocol !== protocol)
      this.#last = { peer, protocol, key: `${protocol} ${peer}` }
    return this.#last.key
  }

  #budgetOf(peer: PeerId, protocol: string, now: number): Budget {
    const key = this.#keyOf(peer, protocol)
    const known = this.#own.get(key)
    if (known !== undefined) return known
    this.#forgetFull(now)
    if (this.#own.size >= MAX_BUDGETS) return this.#kept(this.#shared, protocol, protocol, now)
    return this.#kept(this.#own, key, protocol, now)
  }

  #kept(budgets: Map<string, Budget>, key: string, protocol: string, now: number): Budget {
    const known = budgets.get(key)
    if (known !== undefined) return known
    const { requests, bytes } = this.#allowanceOf(protocol)
    const budget = { requests: new TokenBucket(requests, now), bytes: new TokenBucket(bytes, now) }
    budgets.set(key, budget)
    return budget
  }

  /** A few looks for each new budget: all are looked at in turn, and none of it takes long at once. */
  #forgetFull(now: number): void {
    let looks = 0
    for (const [key, budget] of this.#own) {
      if (looks++ >= LOOKED_AT_PER_NEW_BUDGET) return
      this.#own.delete(key)
      if (!budget.requests.isFull(now) || !budget.bytes.isFull(now)) this.#own.set(key, budget)
    }
  }

  #allowanceOf(protocol: string): Allowance {
    const allowance = this.#ports.allowances[protocol]
    if (allowance === undefined) throw new TypeError(`no allowance for ${protocol}`)
    return allowance
  }
}
