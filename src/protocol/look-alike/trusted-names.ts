import type { LookAlike } from '../policy/facts.ts'
import { NameIndex } from './name-index.ts'

/** Names and scopes of one ecosystem that others may be taken for; names are added at any time, the order of adding is the rank. */
export class TrustedNames {
  readonly #names = new GrowingIndex()
  readonly #scopes = new GrowingIndex()

  get size(): number {
    return this.#names.size
  }

  /** Bytes of the indexes, the texts left out. */
  get bytes(): number {
    return this.#names.bytes + this.#scopes.bytes
  }

  /** Whether a name is trusted: itself, or because whoever owns a trusted scope owns every name in it. */
  has(name: string): boolean {
    const scope = scopeOf(name)
    return this.#names.has(name) || (scope !== null && this.#scopes.has(scope))
  }

  /** Arranges what was added now; else the first question does it, which takes seconds for a million names. */
  arrange(): void {
    this.#names.arrange()
    this.#scopes.arrange()
  }

  /** Whether the name itself was added. */
  hasName(name: string): boolean {
    return this.#names.has(name)
  }

  /** A scoped name brings its scope, too. */
  add(names: Iterable<string>): void {
    for (const name of names) {
      this.#names.add(name)
      const scope = scopeOf(name)
      if (scope !== null) this.#scopes.add(scope)
    }
  }

  addScope(scope: string): void {
    this.#scopes.add(scope)
  }

  /** What a name may be taken for; null for one that is trusted itself, and for one that looks like none. */
  lookAlikeOf(name: string): LookAlike | null {
    if (this.has(name)) return null
    const scope = scopeOf(name)
    const found = this.#names.lookAlikeOf(name)
    if (found !== null || scope === null) return found
    const like = this.#scopes.lookAlikeOf(scope)
    return like === null ? null : { of: `${like.of}/*`, how: `in the scope, ${like.how}` }
  }
}

const scopeOf = (name: string): string | null => (name.startsWith('@') ? (name.split('/', 1)[0] ?? null) : null)

/** Indexes that are merged when a later one is as large, so that adding names one by one costs little (logarithmic method). */
class GrowingIndex {
  readonly #known = new Set<string>()
  #indexes: NameIndex[] = []
  #pending: string[] = []

  get size(): number {
    return this.#known.size
  }

  get bytes(): number {
    return this.#indexes.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  has(name: string): boolean {
    return this.#known.has(name)
  }

  add(name: string): void {
    if (this.#known.has(name)) return
    this.#known.add(name)
    this.#pending.push(name)
  }

  lookAlikeOf(name: string): LookAlike | null {
    this.arrange()
    for (const index of this.#indexes) {
      const found = index.lookAlikeOf(name)
      if (found !== null) return found
    }
    return null
  }

  arrange(): void {
    if (this.#pending.length === 0) return
    let names = this.#pending
    this.#pending = []
    for (
      let last = this.#indexes.at(-1);
      last !== undefined && last.size <= 2 * names.length;
      last = this.#indexes.at(-1)
    ) {
      names = [...last.names, ...names]
      this.#indexes.pop()
    }
    this.#indexes.push(new NameIndex(names))
  }
}
