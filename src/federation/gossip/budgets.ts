import { BoundedMap } from '../bounded-map.ts'
import { type Rate, TokenBucket } from '../streams/token-bucket.ts'
import { BUDGET_WINDOW_MS, MAX_BUDGETS } from './limits.ts'

interface Budget {
  readonly messages: TokenBucket
  readonly bytes: TokenBucket
}

/** What each key may say, so many messages and bytes a minute; of too many keys the one charged longest ago is forgotten. */
export class Budgets<Key> {
  readonly #messages: Rate
  readonly #bytes: Rate
  readonly #budgets = new BoundedMap<Key, Budget>(MAX_BUDGETS)

  constructor(messages: number, bytes: number) {
    this.#messages = perWindow(messages)
    this.#bytes = perWindow(bytes)
  }

  /** Keys with a running budget. */
  get size(): number {
    return this.#budgets.size
  }

  /** Whether `key` has room for one more message of this length. */
  mayUse(key: Key, length: number, now: number): boolean {
    const { messages, bytes } = this.#budgetOf(key, now)
    return messages.waitMsOf(1, now) === 0 && bytes.waitMsOf(length, now) === 0
  }

  charge(key: Key, length: number, now: number): void {
    const budget = this.#budgetOf(key, now)
    budget.messages.charge(1, now)
    budget.bytes.charge(length, now)
    this.#budgets.set(key, budget)
  }

  #budgetOf(key: Key, now: number): Budget {
    const fresh = () => ({ messages: new TokenBucket(this.#messages, now), bytes: new TokenBucket(this.#bytes, now) })
    return this.#budgets.get(key) ?? fresh()
  }
}

/** An amount at once, and as much again in each window. */
export const perWindow = (amount: number): Rate => ({ burst: amount, perSecond: (amount / BUDGET_WINDOW_MS) * 1000 })
