import type { PublisherId } from '../../protocol/index.ts'
import * as limits from './limits.ts'
import { isSameDay, type SpentQuota, spentQuotaOf, type Taken, type UnknownQuota } from './quota.ts'

/** One publisher that is followed because everything is. */
export interface Standing extends Taken {
  readonly records: number
  /** When a record of it came last, ms since 1970. */
  readonly changedAt: number
  /** Days on which it took all it may. */
  readonly spentDays: number
}

/** One that was evicted. */
export interface Evicted {
  /** ms since 1970. */
  readonly until: number
  readonly times: number
}

const NOTHING = { records: 0, bytes: 0, dayRecords: 0, dayBytes: 0, spentDays: 0 }

/**
 * Who is followed though nobody here chose it, and for how long: quotas a publisher, bounds over all, eviction of whole publishers,
 * those first that brought nothing, then those that spent their quota most often, then those that changed least recently. Pure: `now` (ms since 1970) comes with every input.
 */
export class UnknownPublishers {
  readonly #quota: UnknownQuota
  readonly #standings: Map<PublisherId, Standing>
  readonly #evicted: Map<PublisherId, Evicted>
  #bytes: number
  #newcomers = 0
  #newcomersSince = 0

  constructor(
    quota: UnknownQuota,
    standings: Iterable<readonly [PublisherId, Standing]> = [],
    evicted: Iterable<readonly [PublisherId, Evicted]> = [],
  ) {
    this.#quota = quota
    this.#standings = new Map(standings)
    this.#evicted = new Map(evicted)
    this.#bytes = [...this.#standings.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get size(): number {
    return this.#standings.size
  }

  /** Bytes of all their records. */
  get bytes(): number {
    return this.#bytes
  }

  of(publisher: PublisherId): Standing | undefined {
    return this.#standings.get(publisher)
  }

  evictionOf(publisher: PublisherId): Evicted | undefined {
    return this.#evicted.get(publisher)
  }

  /** Whether it was evicted and stays out for now. */
  isOut(publisher: PublisherId, now: number): boolean {
    return (this.#evicted.get(publisher)?.until ?? 0) > now
  }

  /** All whose records are asked for now: they have a place and did not spend their quota. */
  followed(now: number): PublisherId[] {
    return [...this.#standings].flatMap(([publisher, standing]) => (this.#isSpent(standing, now) ? [] : publisher))
  }

  /** The quota that it spent; null: none, or it is not here. */
  spentOf(publisher: PublisherId, now: number): SpentQuota | null {
    const standing = this.#standings.get(publisher)
    return standing === undefined ? null : spentQuotaOf(standing, this.#quota, now)
  }

  /** How many spent a quota. */
  spent(now: number): number {
    return this.#standings.size - this.followed(now).length
  }

  /** A publisher was heard of; true if it has a place from now on. */
  heard(publisher: PublisherId, now: number): boolean {
    if (this.#standings.has(publisher) || this.isOut(publisher, now)) return false
    if (now - this.#newcomersSince >= limits.DAY_MS || now < this.#newcomersSince) {
      this.#newcomers = 0
      this.#newcomersSince = now
    }
    const { maxPublishers } = this.#quota
    // As long as there is room everybody comes in; then a few a day, in the places of others.
    if (this.#standings.size >= maxPublishers) {
      const most = Math.min(maxPublishers, Math.max(limits.MIN_NEWCOMERS_A_DAY, maxPublishers * limits.NEWCOMERS_A_DAY))
      if (this.#newcomers >= most) return false
      this.#newcomers++
    }
    this.#standings.set(publisher, { ...NOTHING, dayAt: now, changedAt: now })
    return true
  }

  /** Takes in one that is held already, as one that was followed by name before. */
  held(publisher: PublisherId, records: number, bytes: number, now: number): void {
    if (this.#standings.has(publisher)) return
    this.#standings.set(publisher, { ...NOTHING, records, bytes, dayAt: now, changedAt: now })
    this.#bytes += bytes
  }

  /** Records of it were stored; true if it spent its quota with them. */
  stored(publisher: PublisherId, records: number, bytes: number, now: number): boolean {
    const before = this.#standings.get(publisher)
    if (before === undefined) return false
    const isToday = isSameDay(before, now)
    const today = isToday ? before : { dayRecords: 0, dayBytes: 0, dayAt: now }
    const wasSpent = this.#isSpent(before, now)
    const after = {
      records: before.records + records,
      bytes: before.bytes + bytes,
      dayRecords: today.dayRecords + records,
      dayBytes: today.dayBytes + bytes,
      dayAt: today.dayAt,
      changedAt: now,
      spentDays: before.spentDays,
    }
    const isSpent = this.#isSpent(after, now)
    this.#standings.set(publisher, isSpent && !wasSpent ? { ...after, spentDays: after.spentDays + 1 } : after)
    this.#bytes += bytes
    return isSpent && !wasSpent
  }

  /** Whom to evict: as many as it takes to be within the bounds again, none of those that are kept. */
  surplus(isKept: (publisher: PublisherId) => boolean, now: number): PublisherId[] {
    const { maxPublishers, maxBytes } = this.#quota
    let publishers = this.#standings.size - maxPublishers
    let bytes = this.#bytes - maxBytes
    const evicted: PublisherId[] = []
    if (publishers <= 0 && bytes <= 0 && ![...this.#standings.values()].some(one => isEmpty(one, now))) return evicted
    for (const [publisher, standing] of this.#byWorth(now)) {
      const isSurplus = publishers > 0 || bytes > 0 || isEmpty(standing, now)
      if (!isSurplus || evicted.length >= limits.MAX_EVICTIONS) break
      if (isKept(publisher)) continue
      evicted.push(publisher)
      publishers--
      bytes -= standing.bytes
    }
    return evicted
  }

  /** Its records are removed; it stays out for a day, and twice as long each time. Gives whom there is no room to remember any more. */
  evicted(publisher: PublisherId, now: number): PublisherId | null {
    this.forget(publisher)
    const times = (this.#evicted.get(publisher)?.times ?? 0) + 1
    const until = now + Math.min(limits.MAX_EVICTED_MS, limits.EVICTED_MS * 2 ** (times - 1))
    this.#evicted.delete(publisher)
    this.#evicted.set(publisher, { until, times })
    if (this.#evicted.size <= limits.MAX_EVICTED) return null
    const oldest = this.#evicted.keys().next().value!
    this.#evicted.delete(oldest)
    return oldest
  }

  /** It is unknown no more, or its records are gone. */
  forget(publisher: PublisherId): void {
    this.#bytes -= this.#standings.get(publisher)?.bytes ?? 0
    this.#standings.delete(publisher)
  }

  all(): PublisherId[] {
    return [...this.#standings.keys()]
  }

  #isSpent(standing: Standing, now: number): boolean {
    return spentQuotaOf(standing, this.#quota, now) !== null
  }

  /** The least worth keeping first. */
  #byWorth(now: number): [PublisherId, Standing][] {
    return [...this.#standings].sort(
      ([, a], [, b]) => emptiness(b, now) - emptiness(a, now) || b.spentDays - a.spentDays || a.changedAt - b.changedAt,
    )
  }
}

const isEmpty = ({ records, changedAt }: Standing, now: number, afterMs = limits.EMPTY_MS): boolean =>
  records === 0 && now - changedAt >= afterMs
/** 2 of one that gives its place back, 1 of one that goes before others where there is no room. */
const emptiness = (standing: Standing, now: number): number =>
  Number(isEmpty(standing, now)) + Number(isEmpty(standing, now, limits.EMPTY_IN_THE_WAY_MS))
