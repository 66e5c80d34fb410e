import type { FeedId, PackageName } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import { MAX_LIVE_FEEDS, MAX_VOIDED_HEADS } from '../limits.ts'
import { matchesText } from '../pattern.ts'
import { shortNameOf } from '../purl.ts'
import type { DelegateBody, FeedHead, VoidBody, WellFormedRecord } from '../record.ts'
import type { FeedVoid } from './feed-chain.ts'

/** A writer's feed that counts. */
export interface LiveFeed {
  readonly feed: FeedId
  /** Sequence number of its first live delegate in the root feed: its place in the fold's order. */
  readonly rank: number
  readonly visibility: 'public' | 'private'
  readonly role: string
  /** Patterns of the names its ops may touch, of all its delegates; empty: every name. */
  readonly scope: readonly string[]
  /** ms since 1970 from which on views do not accept its word, the latest of its delegates; null: never. */
  readonly expires: number | null
  readonly ended: FeedVoid | null
}

/** What counted root records say about feeds (specification section 6.2). */
export interface RootWord {
  /** In the order of their first delegate, at most MAX_LIVE_FEEDS. */
  readonly live: ReadonlyMap<FeedId, LiveFeed>
  /**
   * Heads that voids name as the end of a true branch, held or not, in the order of the root feed, at most
   * MAX_VOIDED_HEADS; those of voids outdone and of feeds not delegated, too.
   */
  readonly voidedHeads: readonly FeedHead[]
}

type Delegate = WellFormedRecord & { readonly understood: DelegateBody }
const isDelegate = (record: WellFormedRecord): record is Delegate => record.understood?.typ === 'delegate'

/** What root records add up to that count, in their order. */
export function rootWordOf(counted: readonly WellFormedRecord[]): RootWord {
  const live = new Map<FeedId, LiveFeed>()
  const voids = new Map<FeedId, FeedVoid>()
  const heads = new Map<string, FeedHead>()
  for (const { publisher, seq, understood } of counted) {
    if (understood?.typ === 'delegate') addDelegate(live, understood, seq)
    if (understood?.typ !== 'void') continue
    holdEarliest(voids, understood)
    const { feed, from, head: id } = understood
    if (id !== null && heads.size < MAX_VOIDED_HEADS) heads.set(`${feed} ${id}`, { publisher, feed, seq: from - 1, id })
  }
  for (const [feed, ended] of voids) {
    const state = live.get(feed)
    if (state !== undefined) live.set(feed, { ...state, ended })
  }
  return { live, voidedHeads: [...heads.values()] }
}

/** The first delegate fixes a feed's visibility and role for life; later ones that agree widen its scope and its time. */
function addDelegate(live: Map<FeedId, LiveFeed>, body: DelegateBody, seq: number): void {
  const known = live.get(body.feed)
  const { feed, visibility, role, scope, expires = null } = body
  if (known === undefined) {
    if (live.size >= MAX_LIVE_FEEDS || feed === ROOT_FEED) return
    live.set(feed, { feed, rank: seq, visibility, role, scope, expires, ended: null })
    return
  }
  if (known.visibility !== visibility) return
  const anything = known.scope.length === 0 || scope.length === 0
  live.set(feed, {
    ...known,
    scope: anything ? [] : [...new Set([...known.scope, ...scope])],
    expires: laterExpiry(known.expires, expires),
  })
}

/** Of two times after which something is not accepted the later; null is never. */
export const laterExpiry = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b)

/** Of several voids of a feed the one with the lowest `from` holds, at equal `from` the first. */
function holdEarliest(voids: Map<FeedId, FeedVoid>, { feed, from, head }: VoidBody): void {
  const earlier = voids.get(feed)
  if (earlier === undefined || from < earlier.from) voids.set(feed, { from, head })
}

/**
 * The delegate that makes a feed's word about a package its publisher's: of those that cover the name with the feed's
 * visibility the one that lasts longest, the first of equals; null when none does or the feed does not count.
 */
export function delegateFor(
  counted: readonly WellFormedRecord[],
  feed: LiveFeed | undefined,
  name: PackageName,
): WellFormedRecord | null {
  if (feed === undefined) return null
  const short = shortNameOf(name)
  let best: Delegate | null = null
  for (const record of counted) {
    if (!isDelegate(record) || record.understood.feed !== feed.feed) continue
    const { visibility, scope } = record.understood
    if (visibility !== feed.visibility) continue
    if (scope.length > 0 && !scope.some(pattern => matchesText(pattern, short))) continue
    if (best === null || lastsLonger(record, best)) best = record
  }
  return best
}

function lastsLonger({ understood: a }: Delegate, { understood: b }: Delegate): boolean {
  return b.expires !== undefined && (a.expires === undefined || a.expires > b.expires)
}
