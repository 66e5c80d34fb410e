import type { PeerId } from '../../protocol/index.ts'
import {
  FIRST_RANGE_LEAVES,
  LEAF_BYTES,
  MAX_MIRRORS,
  MAX_RANGE_LEAVES,
  MIN_SPLIT_LEAVES,
  RANGE_MS,
  RANGES_A_MIRROR,
} from './limits.ts'
import { type LeafRange, SplitLeaves } from './split-leaves.ts'
import { SplitMirror, type WhyLate } from './split-mirror.ts'

/** What the driver does next. `drop`: end all requests to the mirror; its leaves are asked of others. */
export type SplitEffect =
  | { readonly do: 'ask'; readonly mirror: PeerId; readonly request: number; readonly range: LeafRange }
  | { readonly do: 'drop'; readonly mirror: PeerId; readonly why: WhyLate }
  /** Another mirror is wanted; answered by `join` or `exhausted`. */
  | { readonly do: 'find' }

/** What a plan starts from. */
export interface SplitStart {
  /** Leaves of the artifact, and which of them are here. */
  readonly leaves: number
  readonly done: ReadonlySet<number>
  /** Whether the root block is here: before, one mirror is asked alone. */
  readonly hasRoot: boolean
}

/**
 * Who is asked for which leaves of one artifact. The first mirror is asked alone until it sent the root; then up to four share what is
 * missing by ranges that take each about as long. Who stalls, or would keep the others waiting at the end, is dropped for the others'
 * sake, and asked again only when nobody else is left. No leaf is asked of two at once.
 */
export class SplitPlan {
  readonly #leaves: SplitLeaves
  readonly #mirrors = new Map<PeerId, SplitMirror>()
  #hasRoot: boolean
  #isFinding = false
  #isExhausted = false
  #lastRequest = 0

  constructor({ leaves, done, hasRoot }: SplitStart) {
    this.#leaves = new SplitLeaves(leaves, done)
    this.#hasRoot = hasRoot
  }

  /** A mirror to ask; `speed` as remembered, bytes/ms, or null. */
  join(peer: PeerId, speed: number | null): void {
    this.#isFinding = false
    if (!this.#mirrors.has(peer)) this.#mirrors.set(peer, new SplitMirror(peer, speed))
  }

  /** There is no other mirror. */
  exhausted(): void {
    this.#isFinding = false
    this.#isExhausted = true
  }

  rootCame(): void {
    this.#hasRoot = true
  }

  /** Bytes of a mirror's answer came. */
  bytesCame(peer: PeerId, bytes: number, now: number): void {
    this.#mirrors.get(peer)?.bytesCame(bytes, now)
  }

  /** A leaf was verified and written. */
  leafCame(index: number): void {
    this.#leaves.came(index)
  }

  /** A request ended; `isGood`: with all it was asked for. Else the mirror is asked no more. */
  ended(peer: PeerId, request: number, isGood: boolean, now: number): void {
    const mirror = this.#mirrors.get(peer)
    const range = mirror?.open.get(request)
    if (mirror === undefined || range === undefined) return
    this.#giveUp(mirror, request, range)
    if (!isGood) this.#leave(mirror, 'out')
    if (mirror.open.size === 0) mirror.speed.rests(now)
  }

  get isComplete(): boolean {
    return this.#leaves.areDone
  }

  /** Whether nobody is left to ask. */
  get isOver(): boolean {
    return (
      this.#isExhausted && this.#active().length === 0 && !this.#mirrors.values().some(({ mayReturn }) => mayReturn)
    )
  }

  /** Mirrors that are being asked now. */
  get asked(): number {
    return this.#active().filter(({ open }) => open.size > 0).length
  }

  /** The bytes/ms measured of a mirror, or null. */
  speedOf(peer: PeerId): number | null {
    return this.#mirrors.get(peer)?.speed.value ?? null
  }

  decide(now: number): SplitEffect[] {
    if (this.isComplete) return []
    const effects: SplitEffect[] = [...this.#dropLate(now)]
    this.#letLateReturn()
    effects.push(...this.#asks(now))
    if (this.#wantsMore()) {
      this.#isFinding = true
      effects.push({ do: 'find' })
    }
    return effects
  }

  #active(): SplitMirror[] {
    return [...this.#mirrors.values()].filter(({ state }) => state === 'active')
  }

  *#dropLate(now: number): Generator<SplitEffect> {
    const active = this.#active()
    const best = Math.max(0, ...active.map(({ speed }) => speed.valueAt(now)))
    for (const mirror of active.filter(({ open }) => open.size > 0)) {
      const why = mirror.whyLate({ best, active, leaves: this.#leaves }, now)
      if (why === null) continue
      this.#leave(mirror, 'late')
      mirror.dropped(why, now)
      yield { do: 'drop', mirror: mirror.peer, why }
    }
  }

  #letLateReturn(): void {
    if (!this.#isExhausted || this.#active().length > 0) return
    for (const mirror of this.#mirrors.values()) if (mirror.mayReturn) mirror.state = 'active'
  }

  *#asks(now: number): Generator<SplitEffect> {
    const byNeed = this.#active().toSorted((a, b) => (b.speed.value ?? 0) - (a.speed.value ?? 0))
    const mirrors = this.#hasRoot ? byNeed : byNeed.slice(0, 1)
    const depth = this.#hasRoot ? RANGES_A_MIRROR : 1
    for (let open = 0; open < depth; open++) {
      for (const mirror of mirrors) {
        if (mirror.open.size !== open) continue
        const range = this.#take(mirror, mirrors.length)
        if (range === null) return
        const request = ++this.#lastRequest
        mirror.asked(request, range, now)
        yield { do: 'ask', mirror: mirror.peer, request, range }
      }
    }
  }

  /** As many leaves as the mirror brings in due time, no more than leaves the others their part. */
  #take({ speed }: SplitMirror, sharers: number): LeafRange | null {
    if (!this.#hasRoot) return this.#leaves.take(FIRST_RANGE_LEAVES)
    const most = Math.max(1, Math.ceil(this.#leaves.missing / (RANGES_A_MIRROR * sharers)))
    const inTime = speed.value === null ? FIRST_RANGE_LEAVES : Math.round((speed.value * RANGE_MS) / LEAF_BYTES)
    return this.#leaves.take(Math.min(most, Math.max(1, inTime), MAX_RANGE_LEAVES))
  }

  #wantsMore(): boolean {
    if (this.#isFinding || this.#isExhausted) return false
    const active = this.#active().length
    if (active === 0) return true
    const maySplit = this.#hasRoot && this.#leaves.count >= MIN_SPLIT_LEAVES && this.#leaves.areLacking
    return maySplit && active < MAX_MIRRORS
  }

  #leave(mirror: SplitMirror, state: 'late' | 'out'): void {
    for (const [request, range] of [...mirror.open]) this.#giveUp(mirror, request, range)
    mirror.state = state
  }

  #giveUp(mirror: SplitMirror, request: number, range: LeafRange): void {
    mirror.open.delete(request)
    this.#leaves.giveUp(range)
  }
}
