import { createIdentity, saveIdentity } from '../../../src/node/identity/identity-file.ts'
import { openDataDirectory, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import type { WellFormedRecord } from '../../../src/protocol/index.ts'
import type { MadePackage } from './made-packages.ts'
import { MadePublisher } from './made-publisher.ts'

const BATCH = 500

/**
 * A new home that holds packages of some publishers, each its share; the node that opens it folds and indexes them. Answers the last
 * record of each.
 */
export async function fillHome(
  home: string,
  packages: readonly MadePackage[],
  publishers: number,
): Promise<readonly WellFormedRecord[]> {
  await using paths = await openDataDirectory(home)
  await saveIdentity(home, createIdentity(Date.now()))
  await using database = await openLevelDatabase(paths.database)
  const records = new RecordStore(database)
  const last: WellFormedRecord[] = []
  const share = Math.ceil(packages.length / publishers)
  for (let at = 0; at < packages.length; at += share) {
    const publisher = new MadePublisher()
    const signed = [...publisher.root, ...packages.slice(at, at + share).map(made => publisher.release(made))]
    for (let i = 0; i < signed.length; i += BATCH) await records.append(signed.slice(i, i + BATCH))
    last.push(signed.at(-1)!)
  }
  return last
}
