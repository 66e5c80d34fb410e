import type { FeedId, PackageName, PublisherId, RecordId } from '../ids.ts'
import { signerOf } from '../key-list.ts'
import type { KeyList, WellFormedRecord } from '../record.ts'
import type { FeedChain } from './feed-chain.ts'
import type { RootWord } from './live-feeds.ts'
import { delegateFor, rootWordOf } from './live-feeds.ts'
import type { FeedRecords } from './record-set.ts'

/** Which root records count, and what they say about feeds. */
export interface RootState extends FeedChain, RootWord {
  /** The records among them that gave the root its keys: the genesis and rotates by a recovery key. */
  readonly keyRecords: readonly WellFormedRecord[]
}

const NOTHING = { counted: [], reason: 'open', keyRecords: [] } as const

/** Digests (hex) of the key lists that may sign ordinary root records, and of those that may rotate. */
interface Keys {
  readonly current: ReadonlySet<string>
  readonly recovery: ReadonlySet<string>
}

/** Which root records count, and which feeds and voids they add up to (specification sections 6.1 and 6.2). */
export function rootStateOf(publisher: PublisherId, records: FeedRecords): RootState {
  const genesis = records.findAt(1, publisher as string as WellFormedRecord['id'])
  if (genesis?.understood?.typ !== 'identity') return { ...NOTHING, ...rootWordOf([]) }
  let keys = keysOf(genesis.understood)
  const counted = [genesis]
  const keyRecords = [genesis]
  let reason: FeedChain['reason'] = 'open'
  for (;;) {
    const next = pickNext(records, counted.at(-1) ?? genesis, keys)
    if (next === null || next === 'fork') {
      reason = next ?? 'open'
      break
    }
    counted.push(next)
    if (!isRecovery(next, keys)) continue
    keys = keysOf(next.understood)
    keyRecords.push(next)
  }
  return { counted, reason, keyRecords, ...rootWordOf(counted) }
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

/**
 * [genesis, recovery rotates…, delegate]: the records that make a feed's word about a package its publisher's, as a
 * search hit carries them (specification section 13.2); null when the feed may not speak of it.
 */
export function delegationOf(root: RootState, feed: FeedId, name: PackageName): readonly RecordId[] | null {
  const delegate = delegateFor(root.counted, root.live.get(feed), name)
  if (delegate === null) return null
  return [...root.keyRecords.filter(({ seq }) => seq < delegate.seq), delegate].map(({ id }) => id)
}
