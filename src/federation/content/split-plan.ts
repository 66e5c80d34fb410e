import type { PeerId } from '../../protocol/index.ts'
import {
  FIRST_RANGE_LEAVES,
  LEAF_BYTES,
  MAX_MIRRORS,
  MAX_RANGE_LEAVES,
  MAX_STALLS,
  MEASURED_MS,
  MIN_SPLIT_LEAVES,
  RANGE_MS,
  RANGES_A_MIRROR,
  SLOW_RATIO,
  STALLED_MS,
  STEAL_MS,
} from './limits.ts'
import { MirrorSpeed } from './mirror-speed.ts'

/** Leaves `from` to `from + count - 1`, asked of one mirror in one request. */
export interface LeafRange {
  readonly from: number
  readonly count: number
}

/** What the driver does next. `drop`: end all requests to the mirror; its leaves are asked of others. */
export type SplitEffect =
  | { readonly do: 'ask'; readonly mirror: PeerId; readonly request: number; readonly range: LeafRange }
  | { readonly do: 'drop'; readonly mirror: PeerId; readonly why: 'stalled' | 'slow' }
  /** Another mirror is wanted; answered by `join` or `exhausted`. */
  | { readonly do: 'find' }

interface OpenRange {
  readonly from: number
  readonly end: number
}

interface Mirror {
  readonly peer: PeerId
  readonly speed: MirrorSpeed
  readonly open: Map<number, OpenRange>
  state: 'active' | 'late' | 'out'
  stalls: number
  /** Last byte of it, or when it was first asked, ms. */
  heardMs: number
}

type LeafState = 'missing' | 'asked' | 'done'

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
  readonly #leaves: LeafState[]
  readonly #mirrors = new Map<PeerId, Mirror>()
  #hasRoot: boolean
  #isFinding = false
  #isExhausted = false
  #lastRequest = 0

  constructor({ leaves, done, hasRoot }: SplitStart) {
    this.#leaves = Array.from({ length: leaves }, (_, index) => (done.has(index) ? 'done' : 'missing'))
    this.#hasRoot = hasRoot
  }

  /** A mirror to ask; `speed` as remembered, bytes/ms, or null. */
  join(peer: PeerId, speed: number | null): void {
    this.#isFinding = false
    if (this.#mirrors.has(peer)) return
    const mirror: Mirror = {
      peer,
      speed: new MirrorSpeed(speed),
      open: new Map(),
      state: 'active',
      stalls: 0,
      heardMs: 0,
    }
    this.#mirrors.set(peer, mirror)
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
    const mirror = this.#mirrors.get(peer)
    if (mirror === undefined) return
    mirror.speed.came(bytes, now)
    mirror.heardMs = now
  }

  /** A leaf was verified and written. */
  leafCame(index: number): void {
    this.#leaves[index] = 'done'
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
    return this.#leaves.every(leaf => leaf === 'done')
  }

  /** Whether nobody is left to ask. */
  get isOver(): boolean {
    return this.#isExhausted && this.#active().length === 0 && !this.#mayReturn()
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

  #active(): Mirror[] {
    return [...this.#mirrors.values()].filter(({ state }) => state === 'active')
  }

  *#dropLate(now: number): Generator<SplitEffect> {
    const active = this.#active()
    const best = Math.max(0, ...active.map(({ speed }) => speed.valueAt(now)))
    for (const mirror of active.filter(({ open }) => open.size > 0)) {
      const why = this.#whyLate(mirror, { best, active, now })
      if (why === null) continue
      this.#leave(mirror, 'late')
      mirror.speed.rests(now)
      if (why === 'stalled') {
        mirror.stalls++
        mirror.speed.forget()
      }
      yield { do: 'drop', mirror: mirror.peer, why }
    }
  }

  /** A mirror that was never heard has its own time to the first byte. */
  #whyLate(
    { speed, heardMs, open }: Mirror,
    { best, active, now }: { best: number; active: readonly Mirror[]; now: number },
  ): 'stalled' | 'slow' | null {
    if (speed.totalBytes > 0 && now - heardMs >= STALLED_MS) return 'stalled'
    if (speed.busyMs(now) < MEASURED_MS) return null
    const own = speed.valueAt(now)
    if (own * SLOW_RATIO < best) return 'slow'
    const idle = active.filter(each => each.open.size === 0).map(each => each.speed.value ?? 0)
    if (idle.length === 0 || this.#leaves.includes('missing')) return null
    const leftBytes = this.#leftOf(open) * LEAF_BYTES
    const others = leftBytes / Math.max(...idle)
    return leftBytes / own > 2 * others + STEAL_MS ? 'slow' : null
  }

  #leftOf(open: Mirror['open']): number {
    let left = 0
    for (const { from, end } of open.values())
      for (let index = from; index < end; index++) if (this.#leaves[index] === 'asked') left++
    return left
  }

  #letLateReturn(): void {
    if (!this.#isExhausted || this.#active().length > 0) return
    for (const mirror of this.#mirrors.values()) {
      if (mirror.state === 'late' && mirror.stalls <= MAX_STALLS) mirror.state = 'active'
    }
  }

  #mayReturn(): boolean {
    return [...this.#mirrors.values()].some(({ state, stalls }) => state === 'late' && stalls <= MAX_STALLS)
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
        if (open === 0) mirror.speed.works(now)
        if (open === 0) mirror.heardMs = now
        const request = ++this.#lastRequest
        mirror.open.set(request, { from: range.from, end: range.from + range.count })
        yield { do: 'ask', mirror: mirror.peer, request, range }
      }
    }
  }

  #take({ speed }: Mirror, sharers: number): LeafRange | null {
    const from = this.#leaves.indexOf('missing')
    if (from === -1) return null
    const missing = this.#leaves.filter(leaf => leaf === 'missing').length
    const most = Math.max(1, Math.ceil(missing / (RANGES_A_MIRROR * sharers)))
    const inTime = speed.value === null ? FIRST_RANGE_LEAVES : Math.round((speed.value * RANGE_MS) / LEAF_BYTES)
    const wanted = this.#hasRoot ? Math.min(most, Math.max(1, inTime), MAX_RANGE_LEAVES) : FIRST_RANGE_LEAVES
    let end = from
    while (end - from < wanted && this.#leaves[end] === 'missing') this.#leaves[end++] = 'asked'
    return { from, count: end - from }
  }

  #wantsMore(): boolean {
    if (this.#isFinding || this.#isExhausted) return false
    const active = this.#active().length
    if (active === 0) return true
    const maySplit = this.#hasRoot && this.#leaves.length >= MIN_SPLIT_LEAVES && this.#leaves.includes('missing')
    return maySplit && active < MAX_MIRRORS
  }

  #leave(mirror: Mirror, state: 'late' | 'out'): void {
    for (const [request, range] of [...mirror.open]) this.#giveUp(mirror, request, range)
    mirror.state = state
  }

  #giveUp(mirror: Mirror, request: number, { from, end }: OpenRange): void {
    mirror.open.delete(request)
    for (let index = from; index < end; index++) if (this.#leaves[index] === 'asked') this.#leaves[index] = 'missing'
  }
}
