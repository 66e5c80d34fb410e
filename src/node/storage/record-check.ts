import { ProtocolError, parseRecord, type RecordId, type WellFormedRecord } from '../../protocol/index.ts'
import { feedKeyOf } from './append-plan.ts'
import { StorageError } from './errors.ts'
import { decodeFeedTree, type FeedTree } from './feed-tree.ts'
import type { LevelDatabase } from './level-database.ts'
import { startingWith } from './record-scan.ts'
import { isFoundBy, keyOf, lostIdOf, openStored, type StoredRecord } from './stored-record.ts'

/** What is wrong with one feed's stored records. */
export interface FeedCheck {
  /** `<publisher>/<feed>` */
  readonly feedKey: string
  readonly problems: readonly string[]
  /** What says that its records were made for another network: they are no damage, and the feed is not to be repaired; null of any other feed. */
  readonly otherNetwork: string | null
  /** The feed's table of branches; null if it is lost or altered. */
  readonly tree: FeedTree | null
  /** Records of the feed that are as they should be, by the key under which they lie. */
  readonly good: ReadonlyMap<string, WellFormedRecord>
  /** Keys of records that the tree says are there and that are not, with the ids of those whose loss is marked already. */
  readonly lost: ReadonlyMap<string, RecordId | null>
  /** Keys under which anything of the feed lies, good or not. */
  readonly taken: ReadonlySet<string>
}

type Snapshot = ReturnType<LevelDatabase['snapshot']>

/** Verifies every stored record with its signatures, and that each feed's tables agree with its records; yields the feeds where not all is well. */
export async function* checkRecords(database: LevelDatabase, net: string): AsyncGenerator<FeedCheck> {
  const seen = new Set<string>()
  for await (const feedKey of feedKeysIn(database)) {
    if (seen.has(feedKey)) continue
    seen.add(feedKey)
    const check = await checkFeed(database, feedKey, net)
    if (check.problems.length > 0 || check.otherNetwork !== null || check.lost.size > 0) yield check
  }
}

/** Feeds named by the table of feeds or by the key of any record, so that a flipped bit in one hides nothing in the other. */
async function* feedKeysIn(database: LevelDatabase): AsyncGenerator<string> {
  for await (const [key] of database.scan('feeds')) yield key
  for await (const key of database.table('records').keys()) yield key.split('/').slice(0, 2).join('/')
}

/** Reads one moment of the store: what is appended meanwhile is no damage. */
async function checkFeed(database: LevelDatabase, feedKey: string, net: string): Promise<FeedCheck> {
  await using snapshot = database.snapshot()
  const problems: string[] = []
  const good = new Map<string, WellFormedRecord>()
  let otherNetwork: string | null = null
  const attempt = <T>(what: () => T): T | null => {
    try {
      return what()
    } catch (error) {
      if (!(error instanceof StorageError || error instanceof ProtocolError)) throw error
      if (error.code === 'E_OTHER_NETWORK') otherNetwork = error.message
      else problems.push(error.message)
      return null
    }
  }
  const bytes = await database.table('feeds').get(feedKey, { snapshot })
  const tree = bytes === undefined ? null : attempt(() => decodeFeedTree(bytes))
  const lost = new Map<string, RecordId | null>(expectedKeysOf(feedKey, tree ?? []).map(key => [key, null]))
  const absent = new Set(lost.keys())
  const taken = new Set<string>()
  for await (const [key, value] of database.scan('records', { ...startingWith(`${feedKey}/`), snapshot })) {
    taken.add(key)
    if (!absent.delete(key)) problems.push(`${key} is in no branch of its feed`)
    const id = lostIdOf(value)
    if (id !== null && lost.has(key)) lost.set(key, id)
    const stored = id === null ? attempt(() => openStored(key, value)) : null
    const record = stored && attempt(() => parseRecord(Uint8Array.from(stored.envelope), { net }))
    if (!stored || !record) continue
    const wrong = await misplacedBecause(database, snapshot, stored, record)
    if (wrong !== null) problems.push(wrong)
    if (feedKeyOf(record) !== feedKey) continue
    good.set(key, record)
    if (record.seq === stored.seq) lost.delete(key)
  }
  for (const key of absent) problems.push(`${key} is lost`)
  return { feedKey, problems, otherNetwork, tree, good, lost, taken }
}

/** Keys of the records that a feed's tree says are there. */
function expectedKeysOf(feedKey: string, tree: FeedTree): string[] {
  const [publisher, feed] = feedKey.split('/') as [StoredRecord['publisher'], StoredRecord['feed']]
  const keys: string[] = []
  for (const [branch, { from, tip }] of tree.entries()) {
    for (let seq = from; seq <= tip.seq; seq++) keys.push(keyOf({ publisher, feed, branch, seq }))
  }
  return keys
}

async function misplacedBecause(
  database: LevelDatabase,
  snapshot: Snapshot,
  stored: StoredRecord,
  record: WellFormedRecord,
): Promise<string | null> {
  const key = keyOf(stored)
  if (feedKeyOf(stored) !== feedKeyOf(record) || stored.seq !== record.seq)
    return `${key} holds a record of another place`
  const place = await database.table('places').get(record.id as RecordId, { snapshot })
  return isFoundBy(place, stored) ? null : `${key} cannot be found by its id`
}
