import type { PeerId } from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'
import { MAX_RANGES_AHEAD, MAX_RANGES_PER_PEER } from './limits.ts'
import { askForRange, type ComingRange, type RangePlace, type ReadRange, settled } from './read-range.ts'
import type { VerifyRange } from './verify-range.ts'

export interface RangesAheadPorts {
  readonly client: FeedClient
  readonly verify: VerifyRange
  /** A part that nobody took was a lie. */
  readonly onLie: (peer: PeerId) => void
}

/**
 * Fetches and verifies parts of chains, and the next part of each while one is verified and stored: else network, threads and disk wait
 * for each other. What came ahead and is not asked for any more is judged all the same, so that no lie goes unread.
 */
export class RangesAhead implements AsyncDisposable {
  readonly #ports: RangesAheadPorts
  readonly #ahead = new Map<string, ComingRange>()
  /** Those that nobody will take, until they are judged. */
  readonly #left = new Set<ComingRange>()

  constructor(ports: RangesAheadPorts) {
    this.#ports = ports
  }

  /** How many parts are on their way ahead, or wait to be taken or judged. */
  get size(): number {
    return this.#ahead.size + this.#left.size
  }

  /** A part, asked for now unless it was ahead; the next one is begun when it is here, of as many bytes as `whenHere` says; 0: none. @throws FederationError E_PEER_FAILED */
  async take(place: RangePlace, signal: AbortSignal, whenHere = () => place.enoughBytes): Promise<ReadRange> {
    const key = keyOf(place)
    const coming = this.#ahead.get(key) ?? this.#ask(place)
    this.#ahead.delete(key)
    return await settled(coming, signal, count => {
      const enoughBytes = whenHere()
      if (enoughBytes > 0 && count > 0 && !signal.aborted)
        this.begin({ ...place, from: place.from + count, enoughBytes })
    })
  }

  /** Asks for a part that is expected to be taken next; not if there is none, or much is ahead already, of the peer or of all. */
  begin(place: RangePlace): void {
    const key = keyOf(place)
    if (place.from > place.head.seq || this.size >= MAX_RANGES_AHEAD || this.#ahead.has(key)) return
    if (this.#of(place.peer).length >= MAX_RANGES_PER_PEER) return
    this.#ahead.set(key, this.#ask(place))
  }

  /** Nobody will take what is ahead of this chain of the peer, but for what starts at `except`: it is judged. */
  leave({ peer, head }: Pick<RangePlace, 'peer' | 'head'>, except: number | null = null): void {
    for (const [key, coming] of this.#ahead) {
      const { place } = coming
      if (place.peer !== peer || place.head.id !== head.id || place.from === except) continue
      this.#ahead.delete(key)
      void this.#judge(coming)
    }
  }

  /** The peer is gone. */
  drop(peer: PeerId): void {
    for (const { abort } of this.#of(peer)) abort()
    for (const [key, { place }] of this.#ahead) if (place.peer === peer) this.#ahead.delete(key)
  }

  /** Ends all of it; resolves when nothing is on its way any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#ahead.values(), ...this.#left]
    for (const { abort } of all) abort()
    this.#ahead.clear()
    await Promise.allSettled(all.map(({ read }) => read))
  }

  #of(peer: PeerId): ComingRange[] {
    return [...this.#ahead.values(), ...this.#left].filter(({ place }) => place.peer === peer)
  }

  async #judge(coming: ComingRange): Promise<void> {
    this.#left.add(coming)
    const read = await coming.read.catch(() => null) // a failure of what nobody waits for harms nobody
    if (this.#left.delete(coming) && read?.is === 'bad') this.#ports.onLie(coming.place.peer)
  }

  #ask(place: RangePlace): ComingRange {
    return askForRange(this.#ports.client, this.#ports.verify, place)
  }
}

const keyOf = ({ peer, head, from }: RangePlace) => `${peer}/${head.id}/${from}`
