import { BoundedMap } from './bounded-map.ts'

/** Values that are believed for a while: the oldest of too many leave first. */
export class ExpiringMap<Key, Value> {
  readonly #entries: BoundedMap<Key, { readonly until: number; readonly value: Value }>
  readonly #lifeMs: number
  readonly #now: () => number

  constructor(maxEntries: number, lifeMs: number, now: () => number) {
    this.#entries = new BoundedMap(maxEntries)
    this.#lifeMs = lifeMs
    this.#now = now
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#now() < entry.until) return entry?.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: Key, value: Value): void {
    this.#entries.set(key, { until: this.#now() + this.#lifeMs, value })
  }
}
