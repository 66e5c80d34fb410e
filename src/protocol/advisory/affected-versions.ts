import type { AffectedVersions, VersionSpan } from './advisory.ts'
import { boundKeyOf, type VersionKey, type VersionOrder, versionOrderOf } from './version-order.ts'

/** A version is affected; `fixed` is the first later one that is not, where one is known. */
export interface Hit {
  readonly fixed: string | null
}

interface SpanKeys {
  readonly from: VersionKey | null
  readonly below: VersionKey | null
  readonly upTo: VersionKey | null
  readonly fixed: string | null
}

/** Asks many versions of one package of an ecosystem whether they are affected. */
export function affectedMatcherOf(
  type: string,
  { spans, versions }: AffectedVersions,
): (version: string) => Hit | null {
  const listed = new Set(versions)
  const order = versionOrderOf(type)
  const keys = order === null ? [] : spans.map(span => spanKeysOf(span, order))
  // A span without bounds is about every version, also about one that cannot be ordered.
  const isAll = spans.some(
    ({ introduced, fixed, lastAffected }) => introduced === '0' && fixed === null && lastAffected === null,
  )
  return version => {
    const key = keys.length === 0 ? null : (order?.keyOf(version) ?? null)
    const span = key === null || order === null ? undefined : keys.find(each => isWithin(key, each, order))
    if (span !== undefined) return { fixed: span.fixed }
    if (isAll) return { fixed: null }
    return listed.has(version) ? { fixed: null } : null
  }
}

function spanKeysOf({ introduced, fixed, lastAffected }: VersionSpan, order: VersionOrder): SpanKeys {
  const from = introduced === '0' ? null : boundKeyOf(order, introduced)
  const below = fixed === null ? null : boundKeyOf(order, fixed)
  const upTo = lastAffected === null ? null : boundKeyOf(order, lastAffected)
  return { from, below, upTo, fixed }
}

function isWithin(key: VersionKey, { from, below, upTo }: SpanKeys, order: VersionOrder): boolean {
  if (from !== null && order.compare(key, from) < 0) return false
  if (below !== null && order.compare(key, below) >= 0) return false
  return upTo === null || order.compare(key, upTo) <= 0
}

/** The affected versions as a range that npm's clients read; of those listed only `shown`, because each costs the client a comparison. */
export function npmRangeOf({ spans }: AffectedVersions, shown: readonly string[]): string {
  const parts = spans.map(({ introduced, fixed, lastAffected }) => {
    const from = introduced === '0' ? [] : [`>=${introduced}`]
    const to = fixed !== null ? [`<${fixed}`] : lastAffected !== null ? [`<=${lastAffected}`] : []
    return [...from, ...to].join(' ') || '*'
  })
  return [...new Set([...parts, ...shown])].join(' || ')
}
