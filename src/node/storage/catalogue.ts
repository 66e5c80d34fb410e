import { CatalogueFold, type PublisherId, parseUnverifiedRecord } from '../../protocol/index.ts'
import type { RecordStore } from './record-store.ts'

/** Records folded in one step: the fold is synchronous, and requests are answered between steps. */
const FOLD_BATCH = 500

/**
 * The catalogue as the stored records make it, of all publishers or of one. Records are checked against their ids; their signatures
 * were verified before they were stored and are verified again by `doctor` alone.
 * @throws StorageError E_RECORD_CORRUPT
 */
export async function foldStored(records: RecordStore, net: string, publisher?: PublisherId): Promise<CatalogueFold> {
  const fold = new CatalogueFold()
  let batch = []
  for await (const { envelope } of records.records(publisher)) {
    batch.push(parseUnverifiedRecord(envelope, { net }).record)
    if (batch.length < FOLD_BATCH) continue
    fold.add(batch)
    batch = []
    await new Promise(resolve => setImmediate(resolve))
  }
  fold.add(batch)
  return fold
}
