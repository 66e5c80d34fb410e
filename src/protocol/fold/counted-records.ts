import type { RecordId } from '../ids.ts'
import { type Numbers, shortNumbers } from '../numbers.ts'
import type { FeedState, StopReason } from './catalogue.ts'
import type { FeedVoid } from './feed-chain.ts'
import type { ScopeMark } from './feed-scope.ts'
import type { HeldRecords } from './held-records.ts'
import type { LiveFeed } from './live-feeds.ts'

/** The records of one live feed that count, by number, from sequence number 1; as `feedChainOf`, kept up to date. */
export class CountedRecords {
  readonly live: LiveFeed
  readonly feed: number
  readonly #held: HeldRecords
  readonly #counted: Numbers = shortNumbers()
  #reason: StopReason = 'open'
  /** The void that was counted with. */
  #ended: FeedVoid | null
  /** How far the scope reached when what lies in it was counted last. */
  mark: ScopeMark

  constructor(live: LiveFeed, held: HeldRecords) {
    this.live = live
    this.feed = held.feedNumber(live.feed)
    this.#held = held
    this.#ended = live.ended
    this.mark = live.scope.mark()
  }

  get length(): number {
    return this.#counted.length
  }

  has(record: number): boolean {
    const seq = this.#held.seqOf(record)
    return seq <= this.#counted.length && this.#counted.at(seq - 1) === record
  }

  /** Whether records of this feed are held that do not count. */
  get isOutnumbered(): boolean {
    return this.#held.places(this.feed).held > this.#counted.length
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.#counted.length; i++) yield this.#counted.at(i)
  }

  /** Whether the root ended the feed otherwise than was counted with. */
  get hasTurned(): boolean {
    return this.#ended !== this.live.ended
  }

  state(): FeedState {
    const { feed, visibility, role, expires } = this.live
    const length = this.#counted.length
    const head: RecordId | null = length === 0 ? null : this.#held.idOf(this.#counted.at(length - 1))
    return { feed, end: length + 1, head, reason: this.#reason, visibility, role, expires }
  }

  /** Those that count behind the first few. */
  after(length: number): number[] {
    const records: number[] = []
    for (let i = length; i < this.#counted.length; i++) records.push(this.#counted.at(i))
    return records
  }

  /** Counts no more than the first few. */
  cut(length: number): void {
    this.#counted.cut(length)
  }

  /** Counts one more while its place holds exactly one that follows the last. */
  grow(): void {
    for (;;) {
      const { length } = this.#counted
      const next = this.#held.places(this.feed).sole(length + 1)
      const last = length === 0 ? null : this.#counted.at(length - 1)
      if (typeof next !== 'number' || !this.#held.follows(next, last)) {
        this.#reason = next === 'fork' ? 'fork' : 'open'
        return
      }
      this.#counted.push(next)
    }
  }

  /** The branch that the root's void names, and how many of it count already. */
  branch(ended: FeedVoid): { readonly records: readonly number[]; readonly same: number } {
    const records = this.#branchBelow(ended)
    let same = 0
    while (same < records.length && same < this.length && records[same] === this.#counted.at(same)) same++
    return { records, same }
  }

  /** Counts the rest of a branch: `cut` to what is the same before. */
  follow(rest: readonly number[], ended: FeedVoid): void {
    for (const record of rest) this.#counted.push(record)
    this.#reason = 'void'
    this.#ended = ended
  }

  /**
   * What chains back from the void's head: forks below it do not count, for else the thief of a writer's key could
   * erase the feed by signing another record 1. A branch not held completely counts for nothing.
   */
  #branchBelow({ head, from }: FeedVoid): number[] {
    const branch: number[] = []
    let record = head === null ? null : this.#held.find(head)
    if (record !== null && this.#held.feedOf(record) !== this.feed) record = null
    while (record !== null) {
      branch.push(record)
      const seq = this.#held.seqOf(record)
      if (seq === 1) return this.#held.follows(record, null) ? branch.reverse().slice(0, from - 1) : []
      const before: number | null = this.#held.prevOf(record)
      const isBelow = before !== null && this.#held.feedOf(before) === this.feed && this.#held.seqOf(before) === seq - 1
      record = isBelow ? before : null
    }
    return []
  }
}
