import type { FeedHead, PeerId, PublisherId, RecordId } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { MAX_WAITING_HEADS } from './limits.ts'

/** How long news may wait before it is told. */
export interface HoldBack {
  readonly clock: Clock
  /** When a changed head came, ms, and whether it may wait; one that may not takes all with it. Asked for each subscriber in turn. */
  came(head: FeedHead): { readonly atMs: number; readonly mayWait: boolean }
  /** How long what may wait does, ms, another each time. */
  delayMs(): number
}

/** Who watches which publishers; news that `peer` brought or named itself is none for it. */
export interface Watch {
  readonly publishers: ReadonlySet<PublisherId>
  readonly peer?: PeerId
  readonly hold?: HoldBack
}

const NOW = { atMs: 0, mayWait: false }

interface Waiting {
  readonly head: FeedHead
  /** Since when something of its feed waits, ms. */
  readonly sinceMs: number
}

/**
 * Changed heads that wait for one subscriber. They are told together, one delay after the oldest of them came: what the subscriber
 * names meanwhile waits no more, and what came later has its own delay then.
 */
export class HeadWatcher {
  readonly #watch: Watch
  readonly #waiting = new Map<RecordId, Waiting>()
  /** When all that waits is told, ms; null: nothing waits, or it is told now. */
  #dueMs: number | null = null
  #cancelTimer = () => {}
  #isDue = false
  #wake = () => {}

  constructor(watch: Watch) {
    this.#watch = watch
  }

  get size(): number {
    return this.#waiting.size
  }

  /** A feed has a new head after `prev`, brought by `from`. */
  changed(head: FeedHead, prev: RecordId | null, from: PeerId | undefined): void {
    const { publishers, peer, hold } = this.#watch
    if (!publishers.has(head.publisher) || (from !== undefined && from === peer)) return
    const { atMs, mayWait } = hold?.came(head) ?? NOW
    const overtaken = prev === null ? undefined : this.#waiting.get(prev)
    if (overtaken !== undefined) this.#waiting.delete(overtaken.head.id)
    this.#waiting.set(head.id, { head, sinceMs: overtaken?.sinceMs ?? atMs })
    if (this.#waiting.size > MAX_WAITING_HEADS) this.#waiting.delete(this.#waiting.keys().next().value!)
    if (this.#isDue) return
    if (hold === undefined || !mayWait) this.#tellNow()
    else if (this.#dueMs === null) this.#tellAt(hold, atMs + hold.delayMs(), atMs)
  }

  /** `peer` named these heads: it holds them. */
  named(peer: PeerId, heads: readonly FeedHead[]): void {
    const { hold } = this.#watch
    if (peer !== this.#watch.peer) return
    const before = this.#waiting.size
    for (const { id } of heads) this.#waiting.delete(id)
    const dueMs = this.#dueMs
    if (hold === undefined || dueMs === null || this.#waiting.size === before) return
    this.#rest()
    if (this.#waiting.size === 0) return
    const oldestMs = this.#waiting.values().reduce((oldest, { sinceMs }) => Math.min(oldest, sinceMs), Number.MAX_VALUE)
    this.#tellAt(hold, Math.max(dueMs, oldestMs + hold.delayMs()), hold.clock.now())
  }

  /** Resolves when what waits is to be told, or after `wake`. */
  async due(): Promise<void> {
    if (this.#isDue) return
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake()
  }

  /** What waits, which does so no more. */
  take(): readonly FeedHead[] {
    const heads = [...this.#waiting.values()].map(({ head }) => head)
    this.#waiting.clear()
    this.#isDue = false
    this.#rest()
    return heads
  }

  #tellNow(): void {
    this.#rest()
    this.#isDue = true
    this.#wake()
  }

  #tellAt(hold: HoldBack, ms: number, now: number): void {
    this.#cancelTimer()
    this.#dueMs = ms
    // Timers cut a part of a millisecond off.
    this.#cancelTimer = hold.clock.after(Math.max(0, Math.ceil(ms - now)), () => this.#tellNow())
  }

  #rest(): void {
    this.#cancelTimer()
    this.#cancelTimer = () => {}
    this.#dueMs = null
  }
}
