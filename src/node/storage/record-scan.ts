import { type FeedHead, type FeedId, type PublisherId, ROOT_FEED } from '../../protocol/index.ts'
import { feedKeyOf } from './append-plan.ts'
import { StorageError } from './errors.ts'
import { decodeFeedTree } from './feed-tree.ts'
import type { LevelDatabase } from './level-database.ts'
import { isFoundBy, lostIdOf, openStored, parseKey, type StoredRecord } from './stored-record.ts'

/** What is wrong with the stored records of a feed. */
export interface Damage {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly problem: string
  /** The record that is missing, once `doctor --repair` has marked its loss. */
  readonly lost: FeedHead | null
}

/** Records whose places are looked up at once: one look for many is several times faster. */
const PLACES_AT_ONCE = 256

/** A record without its bytes. */
type Identified = Omit<StoredRecord, 'envelope'>
type OnDamage = (damage: Damage) => void
type Snapshot = ReturnType<LevelDatabase['snapshot']>

/**
 * The records of one publisher at one moment: the root feed first, main branches before rivals, ascending by seq. Damage is told and
 * left out; a sound record that its id does not lead to is told and given. @throws StorageError E_RECORD_CORRUPT at the first if nobody listens for it; a loss that is marked is none
 */
export async function* scanRecords(
  database: LevelDatabase,
  snapshot: Snapshot,
  publisher: PublisherId,
  onDamage?: OnDamage,
): AsyncGenerator<StoredRecord> {
  for (const feed of await feedsOf(database, snapshot, publisher)) {
    const attempt = <T>(what: () => T): T | null => {
      try {
        return what()
      } catch (error) {
        if (onDamage === undefined || !(error instanceof StorageError)) throw error
        onDamage({ publisher, feed, problem: error.message, lost: null })
        return null
      }
    }
    let places = 0
    const given: Identified[] = []
    const checkPlaces = async () => {
      for (const { seq } of await unplaced(database, snapshot, given.splice(0)))
        attempt(() => {
          throw new StorageError('E_RECORD_CORRUPT', `record ${seq} of feed ${feed} cannot be found by its id`)
        })
    }
    const bounds = startingWith(`${feedKeyOf({ publisher, feed })}/`)
    for await (const [key, value] of database.scan('records', { ...bounds, snapshot })) {
      places++
      const id = lostIdOf(value)
      const record = id === null ? attempt(() => openStored(key, value)) : null
      if (record !== null) {
        const { envelope, ...at } = record
        given.push(at)
        yield record
      }
      if (id !== null) attempt(() => onDamage?.(lossOf({ publisher, feed, seq: parseKey(key).seq, id })))
      if (given.length >= PLACES_AT_ONCE) await checkPlaces()
    }
    await checkPlaces()
    const tree = await database.table('feeds').get(feedKeyOf({ publisher, feed }), { snapshot })
    attempt(() => requirePlaces(feed, tree, places))
  }
}

/** Those of the records that the table of places does not lead to. */
async function unplaced(
  database: LevelDatabase,
  snapshot: Snapshot,
  records: readonly Identified[],
): Promise<readonly Identified[]> {
  const ids = records.map(({ id }) => id)
  const places = await database.table('places').getMany(ids, { snapshot })
  return records.filter((record, index) => !isFoundBy(places[index], record))
}

/** Bounds of all keys that start with `prefix`; keys are ASCII. */
export function startingWith(prefix: string) {
  return { gte: prefix, lt: `${prefix}\x7f` }
}

/** Feeds that have a tree or, should that be lost, any record. */
async function feedsOf(database: LevelDatabase, snapshot: Snapshot, publisher: PublisherId): Promise<FeedId[]> {
  const feeds = new Set<FeedId>([ROOT_FEED])
  const bounds = { ...startingWith(`${publisher}/`), snapshot }
  const feedIn = (key: string) => key.split('/')[1] as FeedId
  for await (const key of database.table('feeds').keys(bounds)) feeds.add(feedIn(key))
  for (let gte: string | undefined = bounds.gte; gte !== undefined; ) {
    const [key]: string[] = await database
      .table('records')
      .keys({ ...bounds, gte, limit: 1 })
      .all()
    if (key !== undefined) feeds.add(feedIn(key))
    gte = key && startingWith(`${publisher}/${feedIn(key)}/`).lt
  }
  return [...feeds]
}

function lossOf(lost: FeedHead): Damage {
  const problem = `record ${lost.seq} of feed ${lost.feed} of ${lost.publisher} is lost`
  return { publisher: lost.publisher, feed: lost.feed, problem, lost }
}

/** Fewer records than the feed's tree has are damage that no record shows. */
function requirePlaces(feed: FeedId, bytes: Uint8Array | undefined, places: number): void {
  if (bytes === undefined && places === 0) return
  if (bytes === undefined)
    throw new StorageError('E_RECORD_CORRUPT', `the table of branches of feed ${feed} was lost on disk`)
  const expected = decodeFeedTree(bytes).reduce((sum, { from, tip }) => sum + tip.seq - from + 1, 0)
  if (places < expected)
    throw new StorageError('E_RECORD_CORRUPT', `${expected - places} records of feed ${feed} were lost on disk`)
}
