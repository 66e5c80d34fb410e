import { BUDGET_WINDOW_MS, MAX_BUDGETS } from './limits.ts'

/** What one key may use a minute. */
export interface Allowance {
  readonly messages: number
  readonly bytes: number
}
interface Bucket {
  /** Used share of each allowance, drained to zero in one window. */
  messages: number
  bytes: number
  at: number
}

/** Leaky buckets in a bounded map: the least recently charged key is forgotten first. */
export class Budgets<Key> {
  readonly #buckets = new Map<Key, Bucket>()

  /** Keys with a running budget. */
  get size(): number {
    return this.#buckets.size
  }

  /** Whether `key` has room for one more message of this length. */
  mayUse(key: Key, bytes: number, allowance: Allowance, now: number): boolean {
    const used = this.#drained(key, allowance, now)
    return used.messages + 1 <= allowance.messages && used.bytes + bytes <= allowance.bytes
  }

  charge(key: Key, bytes: number, allowance: Allowance, now: number): void {
    const used = this.#drained(key, allowance, now)
    this.#buckets.delete(key)
    this.#buckets.set(key, { messages: used.messages + 1, bytes: used.bytes + bytes, at: now })
    if (this.#buckets.size > MAX_BUDGETS) this.#buckets.delete(this.#buckets.keys().next().value!)
  }

  #drained(key: Key, allowance: Allowance, now: number): { messages: number; bytes: number } {
    const bucket = this.#buckets.get(key)
    if (!bucket) return { messages: 0, bytes: 0 }
    const share = Math.max(0, now - bucket.at) / BUDGET_WINDOW_MS
    return {
      messages: Math.max(0, bucket.messages - share * allowance.messages),
      bytes: Math.max(0, bucket.bytes - share * allowance.bytes),
    }
  }
}
