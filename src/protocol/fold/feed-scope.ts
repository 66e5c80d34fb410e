import { MAX_FEED_PATTERNS } from '../limits.ts'
import { textMatcherOf } from '../pattern.ts'
import type { DelegateBody, WellFormedRecord } from '../record.ts'

export type Delegate = WellFormedRecord & { readonly understood: DelegateBody }

interface ScopePattern {
  readonly matches: (shortName: string) => boolean
  /** Of the delegates that say the pattern the one that lasts longest, the first of equals. */
  longest: Delegate
}

/** How far a scope reached at some time, to tell what is new in it since. */
export interface ScopeMark {
  readonly patterns: number
  readonly isEverything: boolean
}

/** The names a feed may speak of: the union of its delegates' patterns, the first MAX_FEED_PATTERNS of them (specification section 6.2). */
export class FeedScope {
  readonly #patterns = new Map<string, ScopePattern>()
  /** In the order in which they came, for marks. */
  readonly #inOrder: ScopePattern[] = []
  #everything: Delegate | null = null

  /** Widens the scope by a delegate's patterns; one without any covers every name. */
  add(delegate: Delegate): void {
    const { scope } = delegate.understood
    if (scope.length === 0) this.#everything = longerOf(this.#everything, delegate)
    for (const pattern of scope) this.#addPattern(pattern, delegate)
  }

  /** Whether the scope covers a short name; with a mark, whether it did then. */
  covers(shortName: string, { patterns, isEverything } = this.mark()): boolean {
    if (isEverything) return true
    for (let i = 0; i < patterns; i++) if (this.#inOrder[i]?.matches(shortName)) return true
    return false
  }

  mark(): ScopeMark {
    return { patterns: this.#inOrder.length, isEverything: this.#everything !== null }
  }

  /** Of the delegates that cover a short name the one that lasts longest, the first of equals; null: none does. */
  delegateFor(shortName: string): Delegate | null {
    let best = this.#everything
    for (const { matches, longest } of this.#inOrder) if (matches(shortName)) best = longerOf(best, longest)
    return best
  }

  #addPattern(text: string, delegate: Delegate): void {
    const known = this.#patterns.get(text)
    if (known !== undefined) {
      known.longest = longerOf(known.longest, delegate)
      return
    }
    if (this.#inOrder.length >= MAX_FEED_PATTERNS) return
    const pattern = { matches: textMatcherOf(text), longest: delegate }
    this.#patterns.set(text, pattern)
    this.#inOrder.push(pattern)
  }
}

/** The one that lasts longer; of equals the one that came first. */
function longerOf(a: Delegate | null, b: Delegate): Delegate {
  if (a === null) return b
  const [endA, endB] = [endOf(a), endOf(b)]
  return endB > endA || (endB === endA && b.seq < a.seq) ? b : a
}

const endOf = ({ understood: { expires } }: Delegate): number => expires ?? Number.POSITIVE_INFINITY
