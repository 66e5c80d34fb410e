import type { PeerId } from '../../protocol/index.ts'
import type { DialFailure } from './dial-failure.ts'
import * as limits from './limits.ts'

/** Where a candidate was heard of, best first: the operator's pins, the address book, bootstrap, signed records, the DHT or mDNS. */
export type Source = 'pinned' | 'book' | 'bootstrap' | 'record' | 'hint'
const SOURCES: readonly Source[] = ['pinned', 'book', 'bootstrap', 'record', 'hint']

export interface Candidate {
  readonly peer: PeerId
  source: Source
  /** Multiaddrs, newest first; empty if the address has to be looked up. */
  addresses: readonly string[]
  failures: number
  /** Not to be dialled before, ms. */
  notBefore: number
  /** Why the last dial failed; null before the first, and since a connection. */
  why: DialFailure | null
  /** It was connected once, or its first failure was reported. */
  isKnown: boolean
}

/** The bounded set of peers a node may dial. */
export class Candidates {
  readonly #byPeer = new Map<PeerId, Candidate>()

  get(peer: PeerId): Candidate | undefined {
    return this.#byPeer.get(peer)
  }

  all(): IterableIterator<Candidate> {
    return this.#byPeer.values()
  }

  add(peer: PeerId, addresses: readonly string[], source: Source): void {
    const known = this.#byPeer.get(peer)
    if (!known) {
      this.#byPeer.set(peer, {
        peer,
        source,
        addresses: addresses.slice(0, limits.MAX_ADDRESSES),
        failures: 0,
        notBefore: 0,
        why: null,
        isKnown: false,
      })
      if (this.#byPeer.size > limits.MAX_CANDIDATES) this.#forgetWorst()
      return
    }
    if (rankOf(source) < rankOf(known.source)) known.source = source
    known.addresses = [...new Set([...addresses, ...known.addresses])].slice(0, limits.MAX_ADDRESSES)
  }

  remove(peer: PeerId): void {
    this.#byPeer.delete(peer)
  }

  succeeded(peer: PeerId): void {
    const known = this.#byPeer.get(peer)
    if (known) Object.assign(known, { failures: 0, notBefore: 0, why: null, isKnown: true })
  }

  /** Backs off, doubled each time; `luck` (0..1) spreads it by ± 50 %. `why` is null for a connection that ended. */
  failed(peer: PeerId, now: number, luck: number, why: DialFailure | null): void {
    const known = this.#byPeer.get(peer)
    if (!known) return
    known.failures++
    known.why = why
    const isChosen = known.source === 'pinned' || known.source === 'bootstrap'
    const longest = isChosen ? limits.LONGEST_PINNED_BACKOFF_MS : limits.LONGEST_BACKOFF_MS
    const wait = Math.min(longest, limits.FIRST_BACKOFF_MS * 2 ** (known.failures - 1))
    known.notBefore = now + wait * (0.5 + luck)
    if (known.source === 'hint' && known.failures >= limits.MAX_FAILURES) this.#byPeer.delete(peer)
  }

  #forgetWorst(): void {
    let worst: Candidate | null = null
    for (const candidate of this.#byPeer.values())
      if (candidate.source !== 'pinned' && (worst === null || isWorse(candidate, worst))) worst = candidate
    if (worst) this.#byPeer.delete(worst.peer)
  }
}

/** Order of dialling: by source, then by fewer failures. */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  rankOf(a.source) - rankOf(b.source) || a.failures - b.failures

const rankOf = (source: Source): number => SOURCES.indexOf(source)
const isWorse = (a: Candidate, b: Candidate): boolean => compareCandidates(a, b) > 0
