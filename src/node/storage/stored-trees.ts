import type { FeedId, PublisherId } from '../../protocol/index.ts'
import { feedKeyOf } from './append-plan.ts'
import { StorageError } from './errors.ts'
import { decodeFeedTree, type FeedTree } from './feed-tree.ts'
import type { LevelDatabase } from './level-database.ts'
import { startingWith } from './record-scan.ts'
import type { RecordPlace } from './stored-record.ts'

/** A feed of which any record is held, with its table of branches as it is on disk. */
interface StoredTree {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly bytes: Uint8Array
}

/** The branches of one feed; none if nothing of it is held. @throws StorageError E_RECORD_CORRUPT */
export async function storedTree(
  database: LevelDatabase,
  feed: Pick<RecordPlace, 'publisher' | 'feed'>,
): Promise<FeedTree> {
  const bytes = await database.table('feeds').get(feedKeyOf(feed))
  return bytes === undefined ? [] : decodeFeedTree(bytes)
}

/** All feeds of one publisher, or of all. */
export async function* storedTrees(database: LevelDatabase, publisher?: PublisherId): AsyncGenerator<StoredTree> {
  const bounds = publisher === undefined ? {} : startingWith(`${publisher}/`)
  for await (const [key, bytes] of database.table('feeds').iterator(bounds)) {
    const slash = key.indexOf('/')
    yield {
      publisher: key.slice(0, slash) as PublisherId,
      feed: key.slice(slash + 1) as FeedId,
      bytes,
    }
  }
}

/** A feed's tree, or an empty one for a damaged one, of which `scanRecords` and the doctor tell. */
export function readableTree(bytes: Uint8Array): FeedTree {
  try {
    return decodeFeedTree(bytes)
  } catch (error) {
    if (error instanceof StorageError) return []
    throw error
  }
}
