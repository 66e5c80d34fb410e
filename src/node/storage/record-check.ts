import { ProtocolError, parseRecord, type RecordId, type WellFormedRecord } from '../../protocol/index.ts'
import { AppendPlan, feedKeyOf } from './append-plan.ts'
import { StorageError } from './errors.ts'
import { decodeFeedTree, type FeedTree } from './feed-tree.ts'
import type { LevelDatabase, Write } from './level-database.ts'
import { keyOf, openStored, type StoredRecord } from './stored-record.ts'

/** What is wrong with one feed's stored records. */
export interface FeedCheck {
  /** `<publisher>/<feed>` */
  readonly feedKey: string
  readonly problems: readonly string[]
  /** Records of the feed that are as they should be, in the order in which they can be appended. */
  readonly good: readonly WellFormedRecord[]
}

/** Verifies every stored record with its signatures, and that each feed's tables agree with its records; yields the feeds where not all is well. */
export async function* checkRecords(database: LevelDatabase, net: string): AsyncGenerator<FeedCheck> {
  const seen = new Set<string>()
  for await (const feedKey of feedKeysIn(database)) {
    if (seen.has(feedKey)) continue
    seen.add(feedKey)
    const check = await checkFeed(database, feedKey, net)
    if (check.problems.length > 0) yield check
  }
}

/** Rebuilds a feed from its good records in one batch; what follows a lost record is dropped, to be fetched again from peers. */
export async function rebuildFeed(database: LevelDatabase, { feedKey, good }: FeedCheck): Promise<void> {
  const removals: Write[] = [{ type: 'del', table: 'feeds', key: feedKey }]
  for await (const [key] of database.scan('records', within(feedKey)))
    removals.push({ type: 'del', table: 'records', key })
  for await (const [key, place] of database.scan('places')) {
    if (Buffer.from(place).toString().startsWith(`${feedKey}/`)) removals.push({ type: 'del', table: 'places', key })
  }
  const plan = new AppendPlan(new Map(), new Map())
  plan.take(good, { pinned: true })
  await database.commit([...removals, ...plan.writes()])
}

/** Feeds named by the table of feeds or by the key of any record, so that a flipped bit in one hides nothing in the other. */
async function* feedKeysIn(database: LevelDatabase): AsyncGenerator<string> {
  for await (const [key] of database.scan('feeds')) yield key
  for await (const key of database.table('records').keys()) yield key.split('/').slice(0, 2).join('/')
}

async function checkFeed(database: LevelDatabase, feedKey: string, net: string): Promise<FeedCheck> {
  const problems: string[] = []
  const good: WellFormedRecord[] = []
  const attempt = <T>(what: () => T): T | null => {
    try {
      return what()
    } catch (error) {
      if (!(error instanceof StorageError || error instanceof ProtocolError)) throw error
      problems.push(error.message)
      return null
    }
  }
  const bytes = await database.table('feeds').get(feedKey)
  const tree = attempt(() => (bytes === undefined ? [] : decodeFeedTree(bytes))) ?? []
  const missing = expectedKeysOf(feedKey, tree)
  for await (const [key, value] of database.scan('records', within(feedKey))) {
    const stored = attempt(() => openStored(key, value))
    const record = stored && attempt(() => parseRecord(Uint8Array.from(stored.envelope), { net }))
    if (!missing.delete(key)) problems.push(`${key} is in no branch of its feed`)
    if (!stored || !record) continue
    const wrong = await misplacedBecause(database, stored, record)
    if (wrong !== null) problems.push(wrong)
    if (feedKeyOf(record) === feedKey) good.push(record)
  }
  for (const key of missing) problems.push(`${key} is lost`)
  return { feedKey, problems, good }
}

/** Keys of the records that a feed's tree says are there. */
function expectedKeysOf(feedKey: string, tree: FeedTree): Set<string> {
  const [publisher, feed] = feedKey.split('/') as [StoredRecord['publisher'], StoredRecord['feed']]
  const keys = new Set<string>()
  for (const [branch, { from, tip }] of tree.entries()) {
    for (let seq = from; seq <= tip.seq; seq++) keys.add(keyOf({ publisher, feed, branch, seq }))
  }
  return keys
}

async function misplacedBecause(
  database: LevelDatabase,
  stored: StoredRecord,
  record: WellFormedRecord,
): Promise<string | null> {
  const key = keyOf(stored)
  if (feedKeyOf(stored) !== feedKeyOf(record) || stored.seq !== record.seq)
    return `${key} holds a record of another place`
  const place = await database.table('places').get(record.id as RecordId)
  return place !== undefined && Buffer.from(place).toString() === key ? null : `${key} cannot be found by its id`
}

function within(feedKey: string) {
  return { gte: `${feedKey}/`, lt: `${feedKey}/\x7f` }
}
