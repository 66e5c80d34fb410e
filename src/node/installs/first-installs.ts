import type { LevelDatabase, Write } from '../storage/index.ts'
import { FIRST_KEYS, firstKeyOf, installedOf, timeBytesOf, timeOf } from './install-line.ts'
import { MAX_INSTALLED } from './limits.ts'

/** When each version was installed through this node first; those installed first are forgotten first. */
export class FirstInstalls {
  /** ms since 1970 by version, as `installedKeyOf` writes it; the first installed first. */
  readonly #installed: Map<string, number>

  private constructor(installed: Map<string, number>) {
    this.#installed = installed
  }

  static async open(database: LevelDatabase): Promise<FirstInstalls> {
    const found: [string, number][] = []
    for await (const [key, value] of database.scan('installs', FIRST_KEYS)) {
      found.push([installedOf(key), timeOf(value) ?? 0])
    }
    return new FirstInstalls(new Map(found.toSorted(([, a], [, b]) => a - b)))
  }

  /** ms since 1970, or null: never. */
  of(installed: string): number | null {
    return this.#installed.get(installed) ?? null
  }

  /** Remembers an install of a version; the answer is to be written. */
  add(installed: string, at: number): Write[] {
    if (this.#installed.has(installed)) return []
    this.#installed.set(installed, at)
    const writes: Write[] = [{ type: 'put', table: 'installs', key: firstKeyOf(installed), value: timeBytesOf(at) }]
    for (const oldest of this.#installed.keys()) {
      if (this.#installed.size <= MAX_INSTALLED) break
      this.#installed.delete(oldest)
      writes.push({ type: 'del', table: 'installs', key: firstKeyOf(oldest) })
    }
    return writes
  }
}
