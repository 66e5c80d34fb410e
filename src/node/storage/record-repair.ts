import type { RecordId, WellFormedRecord } from '../../protocol/index.ts'
import { AppendPlan } from './append-plan.ts'
import { encodeFeedTree } from './feed-tree.ts'
import type { LevelDatabase, Write } from './level-database.ts'
import type { FeedCheck } from './record-check.ts'
import { startingWith } from './record-scan.ts'
import { encodeLost, encodePlace, encodeStored, keyOf, parseKey } from './stored-record.ts'

/**
 * Repairs a feed in one batch and deletes no record that verifies: tables are made again from the records, and what was lost is
 * marked, so that whoever brings it fills its place. Where even the ids of what was lost are lost, a foreign feed is cut there, to
 * be fetched again, and an own one (`isOwn`) left as it is. The answer is whether the feed was repaired.
 */
export async function repairFeed(
  database: LevelDatabase,
  check: FeedCheck,
  { isOwn }: { readonly isOwn: boolean },
): Promise<boolean> {
  const idAt = await idsIn(database, check.feedKey)
  const { writes, isComplete } = regrown(check, idAt)
  const marked = isComplete ? null : withLossesMarked(check, idAt)
  if (!isComplete && marked === null && isOwn) return false
  await database.commit([...(await removalsOf(database, check.feedKey, idAt)), ...(marked ?? writes)])
  return true
}

/** By key, the ids that the table of places has there; it has no checksum, so any other source is better. */
async function idsIn(database: LevelDatabase, feedKey: string): Promise<Map<string, RecordId>> {
  const ids = new Map<string, RecordId>()
  for await (const [id, place] of database.scan('places')) {
    const key = Buffer.from(place).toString().split('?')[0]!
    if (key.startsWith(`${feedKey}/`)) ids.set(key, id as RecordId)
  }
  return ids
}

async function removalsOf(
  database: LevelDatabase,
  feedKey: string,
  idAt: ReadonlyMap<string, RecordId>,
): Promise<Write[]> {
  const removals: Write[] = [{ type: 'del', table: 'feeds', key: feedKey }]
  for await (const key of database.table('records').keys(startingWith(`${feedKey}/`)))
    removals.push({ type: 'del', table: 'records', key })
  for (const key of idAt.values()) removals.push({ type: 'del', table: 'places', key })
  return removals
}

/**
 * The feed grown anew from its good records; complete if they join and are as many as its tree names. Without a tree nothing else
 * may tell of another record: an own feed cut before its last one would be written again from there, which is a fork.
 */
function regrown(
  check: FeedCheck,
  idAt: ReadonlyMap<string, RecordId>,
): { readonly writes: readonly Write[]; readonly isComplete: boolean } {
  const { tree, good } = check
  const plan = new AppendPlan(new Map(), new Map())
  const { refused, stored } = plan.take(inOrder(good), { pinned: true })
  const expected = tree?.reduce((sum, { from, tip }) => sum + tip.seq - from + 1, 0)
  const isAll = expected === undefined ? !namesOthers(check, idAt) : stored.length >= expected
  return { writes: plan.writes(), isComplete: refused.length === 0 && isAll }
}

/** Whether a key or the table of places tells of a record that is not among the good ones. */
function namesOthers({ good, taken }: FeedCheck, idAt: ReadonlyMap<string, RecordId>): boolean {
  const ids = new Set([...good.values()].map(({ id }) => id))
  return [...taken].some(key => !good.has(key)) || [...idAt].some(([key, id]) => !good.has(key) && !ids.has(id))
}

/** Ascending by seq, main branch first, as the feed grew. */
function inOrder(good: FeedCheck['good']): readonly WellFormedRecord[] {
  return [...good].sort(([a, one], [b, other]) => one.seq - other.seq || (a < b ? -1 : 1)).map(([, record]) => record)
}

/** All records where they are, and a mark in the place of each one lost; null if one's id or place is not known. */
function withLossesMarked(
  { feedKey, tree, good, lost }: FeedCheck,
  indexed: ReadonlyMap<string, RecordId>,
): Write[] | null {
  const [first] = [...good.keys(), ...lost.keys()]
  if (tree === null || first === undefined) return null
  const keyAt = (branch: number, seq: number) => keyOf({ ...parseKey(first), branch, seq })
  const writes: Write[] = [{ type: 'put', table: 'feeds', key: feedKey, value: encodeFeedTree(tree) }]
  const idAt = new Map(indexed)
  for (const [branch, { tip }] of tree.entries()) idAt.set(keyAt(branch, tip.seq), tip.id)
  for (const [key, { id, seq, prev, envelope }] of good) {
    const place = parseKey(key)
    const branch = tree[place.branch]
    if (place.seq !== seq || branch === undefined || seq < branch.from || seq > branch.tip.seq) return null
    if (prev !== null) idAt.set(keyAt(seq > branch.from ? place.branch : branch.parent, seq - 1), prev)
    writes.push({ type: 'put', table: 'records', key, value: encodeStored(id, envelope) })
    writes.push({ type: 'put', table: 'places', key: id, value: encodePlace(place, { isLost: false }) })
  }
  for (const [key, marked] of lost) {
    const id = marked ?? idAt.get(key)
    if (id === undefined) return null
    writes.push({ type: 'put', table: 'records', key, value: encodeLost(id) })
    writes.push({ type: 'put', table: 'places', key: id, value: encodePlace(parseKey(key), { isLost: true }) })
  }
  return writes
}
