import { BoundedMap } from '../bounded-map.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { MAX_MISSES, MISS_MS } from './limits.ts'

/** Names that an upstream did not have when it last spoke of them. */
export class AbsentNames {
  readonly #fresh: ExpiringMap<string, true>
  readonly #last = new BoundedMap<string, true>(MAX_MISSES)

  constructor(now: () => number) {
    this.#fresh = new ExpiringMap(MAX_MISSES, MISS_MS, now)
  }

  /** Whether that is so recent that the upstream is not asked again. */
  isFresh(name: string): boolean {
    return this.#fresh.get(name) === true
  }

  /** Whether that was its last word, however long ago. */
  isLastWord(name: string): boolean {
    return this.#last.get(name) === true
  }

  add(name: string): void {
    this.#fresh.set(name, true)
    this.#last.set(name, true)
  }

  /** The upstream has it now. */
  delete(name: string): void {
    this.#last.delete(name)
  }
}
