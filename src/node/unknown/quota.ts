import { DAY_MS } from './limits.ts'

/** What publishers may take that nobody here chose; `follow.*` in config.yaml. */
export interface UnknownQuota {
  /** Records of one publisher a day. */
  readonly recordsPerDay: number
  /** Bytes of one publisher's records a day, and in all. */
  readonly bytesPerDay: number
  readonly bytesEach: number
  /** Unknown publishers, and bytes of all their records. */
  readonly maxPublishers: number
  readonly maxBytes: number
}

/** What one of them took. */
export interface Taken {
  readonly bytes: number
  /** Since `dayAt`, which is when its day began, ms since 1970. */
  readonly dayRecords: number
  readonly dayBytes: number
  readonly dayAt: number
}

/** A quota that an unknown publisher took all of. */
export interface SpentQuota {
  readonly quota: 'recordsPerDay' | 'bytesPerDay' | 'bytesEach'
  /** ms since 1970; null: it has all that it may have. */
  readonly until: number | null
}

/** The quota that lasts longest of those spent; null: none is. `now` in ms since 1970. */
export function spentQuotaOf(taken: Taken, quota: UnknownQuota, now: number): SpentQuota | null {
  if (taken.bytes >= quota.bytesEach) return { quota: 'bytesEach', until: null }
  if (!isSameDay(taken, now)) return null
  const until = taken.dayAt + DAY_MS
  if (taken.dayRecords >= quota.recordsPerDay) return { quota: 'recordsPerDay', until }
  return taken.dayBytes >= quota.bytesPerDay ? { quota: 'bytesPerDay', until } : null
}

/** A clock that was set back begins a new day. */
export const isSameDay = ({ dayAt }: Taken, now: number): boolean => now >= dayAt && now - dayAt < DAY_MS
