import type { VersionSpan } from './advisory.ts'
import { boundKeyOf, type VersionKey, type VersionOrder } from './version-order.ts'

/** Where affected versions begin or end, as OSV writes it: one of the three is given. */
export interface RangeEvent {
  readonly introduced?: string | undefined
  readonly fixed?: string | undefined
  readonly last_affected?: string | undefined
  /** Versions from here on are not looked at: an end like `fixed`. */
  readonly limit?: string | undefined
}

interface Bound {
  readonly version: string
  /** null: before every version. */
  readonly key: VersionKey | null
  readonly is: 'fixed' | 'introduced' | 'lastAffected'
}

/** Events of one range as spans, in order (OSV schema, section "Evaluation"); null: one of them is no version. */
export function spansOf(events: readonly RangeEvent[], order: VersionOrder): readonly VersionSpan[] | null {
  const bounds: Bound[] = []
  for (const event of events) {
    const bound = boundOf(event, order)
    if (bound === 'none') continue
    if (bound === null) return null
    bounds.push(bound)
  }
  bounds.sort((a, b) => compareBounds(a, b, order))
  return walk(bounds)
}

function boundOf(event: RangeEvent, order: VersionOrder): Bound | 'none' | null {
  const { introduced, fixed, last_affected: lastAffected, limit } = event
  if (introduced === '0') return { version: '0', key: null, is: 'introduced' }
  const [is, version] =
    introduced !== undefined
      ? (['introduced', introduced] as const)
      : fixed !== undefined
        ? (['fixed', fixed] as const)
        : lastAffected !== undefined
          ? (['lastAffected', lastAffected] as const)
          : (['fixed', limit] as const)
  if (version === undefined || (is === 'fixed' && version === '*')) return 'none'
  const key = boundKeyOf(order, version)
  return key === null ? null : { version, key, is }
}

/** At one version what ends comes before what begins, so that the version stays affected; a last affected one ends after it. */
const RANK = { fixed: 0, introduced: 1, lastAffected: 2 } as const

function compareBounds(a: Bound, b: Bound, order: VersionOrder): number {
  if (a.key === null || b.key === null) return (a.key === null ? 0 : 1) - (b.key === null ? 0 : 1)
  return order.compare(a.key, b.key) || RANK[a.is] - RANK[b.is]
}

function walk(bounds: readonly Bound[]): VersionSpan[] {
  const spans: VersionSpan[] = []
  let introduced: string | null = null
  for (const { is, version } of bounds) {
    if (is === 'introduced') introduced ??= version
    else if (introduced !== null) {
      spans.push({ introduced, fixed: is === 'fixed' ? version : null, lastAffected: is === 'fixed' ? null : version })
      introduced = null
    }
  }
  if (introduced !== null) spans.push({ introduced, fixed: null, lastAffected: null })
  return spans
}
