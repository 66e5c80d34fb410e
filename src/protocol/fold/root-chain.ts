import type { FeedId, PublisherId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import { signerOf } from '../key-list.ts'
import { MAX_LIVE_FEEDS } from '../limits.ts'
import type { DelegateBody, KeyList, WellFormedRecord } from '../record.ts'
import type { FeedChain, FeedVoid } from './feed-chain.ts'
import type { FeedRecords } from './record-set.ts'

/** A writer's feed that counts. */
export interface LiveFeed {
  readonly feed: FeedId
  /** Sequence number of its first live delegate in the root feed: its place in the fold's order. */
  readonly rank: number
  readonly visibility: 'public' | 'private'
  readonly role: string
  /** Patterns of the names its ops may touch, of all its delegates; empty: every name. */
  readonly scope: readonly string[]
  readonly ended: FeedVoid | null
}
export interface RootState extends FeedChain {
  /** In the order of their first delegate, at most MAX_LIVE_FEEDS. */
  readonly live: ReadonlyMap<FeedId, LiveFeed>
}

/** Digests (hex) of the key lists that may sign ordinary root records, and of those that may rotate. */
interface Keys {
  readonly current: ReadonlySet<string>
  readonly recovery: ReadonlySet<string>
}

/** Which root records count, and which feeds and voids they add up to (specification sections 6.1 and 6.2). */
export function rootStateOf(publisher: PublisherId, records: FeedRecords): RootState {
  const genesis = records.findAt(1, publisher as string as WellFormedRecord['id'])
  if (genesis?.understood?.typ !== 'identity') return { counted: [], reason: 'open', live: new Map() }
  let keys = keysOf(genesis.understood)
  const counted = [genesis]
  let reason: FeedChain['reason'] = 'open'
  for (;;) {
    const next = pickNext(records, counted.at(-1) ?? genesis, keys)
    if (next === null || next === 'fork') {
      reason = next ?? 'open'
      break
    }
    counted.push(next)
    if (isRecovery(next, keys)) keys = keysOf(next.understood)
  }
  return { counted, reason, live: liveFeedsOf(counted) }
}

/**
 * The record after `last`: a rotate by the recovery key displaces every ordinary record; of several ordinary ones the
 * one from which such a rotate chains on, since a stolen old key must not undo a rotation by forking below it.
 */
function pickNext(records: FeedRecords, last: WellFormedRecord, keys: Keys): WellFormedRecord | 'fork' | null {
  const children = childrenOf(records, last)
  const rotates = children.filter(child => isRecovery(child, keys))
  if (rotates.length > 0) return rotates.length === 1 ? (rotates[0] ?? null) : 'fork'
  const ordinary = children.filter(child => keys.current.has(child.signer))
  if (ordinary.length <= 1) return ordinary[0] ?? null
  const pinned = ordinary.filter(child => isPinned(records, child, keys))
  return pinned.length === 1 ? (pinned[0] ?? null) : 'fork'
}

/** Whether a rotate by the recovery key chains back to this record through ordinary records. */
function isPinned(records: FeedRecords, from: WellFormedRecord, keys: Keys): boolean {
  let level = [from]
  while (level.length > 0) {
    const children = level.flatMap(record => childrenOf(records, record))
    if (children.some(child => isRecovery(child, keys))) return true
    level = children.filter(child => keys.current.has(child.signer))
  }
  return false
}

const childrenOf = (records: FeedRecords, record: WellFormedRecord): WellFormedRecord[] =>
  records.at(record.seq + 1).filter(child => child.prev === record.id)

type Rotate = WellFormedRecord & { readonly understood: { readonly typ: 'rotate' } }
function isRecovery(record: WellFormedRecord, keys: Keys): record is Rotate {
  return record.understood?.typ === 'rotate' && keys.recovery.has(record.signer)
}

function keysOf(body: { readonly keys: readonly KeyList[]; readonly recovery: readonly Uint8Array[] }): Keys {
  return {
    current: new Set(body.keys.map(signerOf)),
    recovery: new Set(body.recovery.map(digest => Buffer.from(digest).toString('hex'))),
  }
}

function liveFeedsOf(counted: readonly WellFormedRecord[]): Map<FeedId, LiveFeed> {
  const live = new Map<FeedId, LiveFeed>()
  const voids = new Map<FeedId, FeedVoid>()
  for (const { seq, understood } of counted) {
    if (understood?.typ === 'delegate') addDelegate(live, understood, seq)
    if (understood?.typ !== 'void') continue
    const earlier = voids.get(understood.feed)
    if (earlier === undefined || understood.from < earlier.from) voids.set(understood.feed, understood)
  }
  for (const [feed, ended] of voids) {
    const state = live.get(feed)
    if (state !== undefined) live.set(feed, { ...state, ended: { from: ended.from, head: ended.head } })
  }
  return live
}

/** The first delegate fixes a feed's visibility and role for life; later ones that agree widen its scope. */
function addDelegate(live: Map<FeedId, LiveFeed>, body: DelegateBody, seq: number): void {
  const known = live.get(body.feed)
  if (known === undefined) {
    if (live.size >= MAX_LIVE_FEEDS || body.feed === ROOT_FEED) return
    const { feed, visibility, role, scope } = body
    live.set(feed, { feed, rank: seq, visibility, role, scope, ended: null })
    return
  }
  if (known.visibility !== body.visibility) return
  const anything = known.scope.length === 0 || body.scope.length === 0
  live.set(body.feed, { ...known, scope: anything ? [] : [...new Set([...known.scope, ...body.scope])] })
}
