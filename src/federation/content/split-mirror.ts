import type { PeerId } from '../../protocol/index.ts'
import { LEAF_BYTES, MAX_STALLS, MEASURED_MS, SLOW_RATIO, STALLED_MS, STEAL_MS } from './limits.ts'
import { MirrorSpeed } from './mirror-speed.ts'
import type { LeafRange, SplitLeaves } from './split-leaves.ts'

export type WhyLate = 'stalled' | 'slow'

/** The split that a mirror may hold up. */
interface Others {
  /** The speed of the fastest mirror, bytes/ms. */
  readonly best: number
  /** Mirrors that are asked, or may be. */
  readonly active: readonly SplitMirror[]
  readonly leaves: SplitLeaves
}

/** One mirror of a split: what it is asked for, how fast it brings that, and whether the others wait for it. */
export class SplitMirror {
  readonly peer: PeerId
  readonly speed: MirrorSpeed
  /** What it is asked for, by request. */
  readonly open = new Map<number, LeafRange>()
  state: 'active' | 'late' | 'out' = 'active'
  #stalls = 0
  /** Last byte of it, or when it was first asked, ms. */
  #heardMs = 0

  /** `speed` as remembered, bytes/ms, or null. */
  constructor(peer: PeerId, speed: number | null) {
    this.peer = peer
    this.speed = new MirrorSpeed(speed)
  }

  /** Whether a late one may be asked again. */
  get mayReturn(): boolean {
    return this.state === 'late' && this.#stalls <= MAX_STALLS
  }

  asked(request: number, range: LeafRange, now: number): void {
    if (this.open.size === 0) {
      this.speed.works(now)
      this.#heardMs = now
    }
    this.open.set(request, range)
  }

  bytesCame(bytes: number, now: number): void {
    this.speed.came(bytes, now)
    this.#heardMs = now
  }

  /** It was dropped for the others' sake. */
  dropped(why: WhyLate, now: number): void {
    this.speed.rests(now)
    if (why === 'slow') return
    this.#stalls++
    this.speed.forget()
  }

  /** Why the others are better off without it; one that was never heard has its own time to the first byte. */
  whyLate({ best, active, leaves }: Others, now: number): WhyLate | null {
    if (this.speed.totalBytes > 0 && now - this.#heardMs >= STALLED_MS) return 'stalled'
    if (this.speed.busyMs(now) < MEASURED_MS) return null
    const own = this.speed.valueAt(now)
    if (own * SLOW_RATIO < best) return 'slow'
    const idle = active.filter(each => each.open.size === 0).map(each => each.speed.value ?? 0)
    if (idle.length === 0 || leaves.areLacking) return null
    const left = [...this.open.values()].reduce((sum, range) => sum + leaves.leftOf(range), 0)
    const others = (left * LEAF_BYTES) / Math.max(...idle)
    return (left * LEAF_BYTES) / own > 2 * others + STEAL_MS ? 'slow' : null
  }
}
