import type { FeedHead, RecordId } from '../../protocol/index.ts'
import { StorageError, systemCodeOf } from './errors.ts'
import type { LevelDatabase } from './level-database.ts'
import { isStoredAs, keyOf, openStored, parsePlace, type RecordPlace, type StoredRecord } from './stored-record.ts'

const REPAIR_HINT = 'run: hanse doctor --repair'

/** The record that lies where its head says, read at once. @throws StorageError E_RECORD_CORRUPT; E_STORAGE_FAILED where the disk fails */
export function recordAt(database: LevelDatabase, head: FeedHead): StoredRecord {
  const main = keyOf({ ...head, branch: 0 })
  const named = `record ${head.seq} of feed ${head.feed} of ${head.publisher}`
  const value = read(database, 'records', main, named)
  if (value !== undefined && isStoredAs(head.id, value)) return openStored(main, value)
  const place = read(database, 'places', head.id, named)
  const key = place === undefined ? main : keyOf(parsePlace(place))
  const rival = key === main ? value : read(database, 'records', key, named)
  if (rival === undefined) throw lost({ ...head, branch: 0 })
  const record = openStored(key, rival)
  if (record.id !== head.id) throw lost(record)
  return record
}

/** The held record of an id, read at once; null: it is not held, or marked as lost. @throws as `recordAt` */
export function recordOf(database: LevelDatabase, id: RecordId): StoredRecord | null {
  const at = heldPlace(read(database, 'places', id, `record ${id}`))
  return at && openPlaced(id, at, read(database, 'records', keyOf(at), `record ${id}`))
}

/** Where a record lies, by its entry in `places`; null: it is not held, or marked as lost. */
export function heldPlace(entry: Uint8Array | undefined): RecordPlace | null {
  const at = entry === undefined ? null : parsePlace(entry)
  return at === null || at.isLost ? null : at
}

/** The record of an id, by what lies in its place. @throws StorageError E_RECORD_CORRUPT */
export function openPlaced(id: RecordId, at: RecordPlace, value: Uint8Array | undefined): StoredRecord {
  if (value === undefined) throw lost(at)
  const record = openStored(keyOf(at), value)
  if (record.id !== id) throw lost(record)
  return record
}

/** The error for a record that is not where it was put. */
export function lost({ seq, feed, publisher }: RecordPlace): StorageError {
  return new StorageError('E_RECORD_CORRUPT', `record ${seq} of feed ${feed} of ${publisher} was lost on disk`, {
    hint: REPAIR_HINT,
  })
}

/** A block of the database that was altered on disk is damage as a record's own is. */
function read(
  database: LevelDatabase,
  table: 'records' | 'places',
  key: string,
  named: string,
): Uint8Array | undefined {
  try {
    return database.table(table).getSync(key)
  } catch (cause) {
    const isDamage = systemCodeOf(cause) === 'LEVEL_CORRUPTION'
    const hint = isDamage ? REPAIR_HINT : 'try again; if it stays so, restart the node'
    const problem = `${named} cannot be read from the disk`
    throw new StorageError(isDamage ? 'E_RECORD_CORRUPT' : 'E_STORAGE_FAILED', problem, { cause, hint })
  }
}
