import { CID } from 'multiformats/cid'
import type { PublisherId } from '../../protocol/index.ts'
import type { LevelDatabase, Write } from './level-database.ts'
import { startingWith } from './record-scan.ts'
import { ID_BYTES } from './stored-record.ts'

/** Marks a publisher whose records are being removed: what a crash leaves is removed at the next start. */
const MARK = 'forgetting '
/** Records removed with one write. */
const BATCH = 1_000

/** Removes every record of a publisher; whatever breaks off is taken up by `forgetMarked`. Nothing of it may be appended meanwhile. */
export async function forgetRecords(database: LevelDatabase, publisher: PublisherId): Promise<void> {
  const bounds = startingWith(`${publisher}/`)
  const trees = await database.table('feeds').keys(bounds).all()
  // Without their trees the feeds are held no more, whatever is left of them.
  await database.commit([
    { type: 'put', table: 'state', key: `${MARK}${publisher}`, value: new Uint8Array() },
    ...trees.map((key): Write => ({ type: 'del', table: 'feeds', key })),
  ])
  for (let isLeft = true; isLeft; ) {
    const records = await database
      .table('records')
      .iterator({ ...bounds, limit: BATCH })
      .all()
    await database.commit(records.flatMap(([key, value]) => removalsOf(key, value)))
    isLeft = records.length === BATCH
  }
  await database.commit([{ type: 'del', table: 'state', key: `${MARK}${publisher}` }])
}

/** Removes what is left of publishers whose removal broke off: before anything else reads the records. */
export async function forgetMarked(database: LevelDatabase): Promise<void> {
  const marks = await database.table('state').keys(startingWith(MARK)).all()
  for (const mark of marks) await forgetRecords(database, mark.slice(MARK.length) as PublisherId)
}

function removalsOf(key: string, value: Uint8Array): Write[] {
  const id = idOf(value)
  const record: Write = { type: 'del', table: 'records', key }
  return id === null ? [record] : [record, { type: 'del', table: 'places', key: id }]
}

/** The id that stored bytes begin with; null: they were altered. */
function idOf(value: Uint8Array): string | null {
  try {
    return CID.decode(value.subarray(0, ID_BYTES)).toString()
  } catch {
    return null
  }
}
