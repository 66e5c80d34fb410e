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
  const share = Math.ceil(packages.length / publishers)
  const starts = Array.from({ length: Math.ceil(packages.length / share) }, (_, i) => i * share)
  const feeds = starts.map(at => feedsOf(packages.slice(at, at + share)))
  await fillHomeWith(home, feeds)
  return feeds.map(feed => feed.at(-1)!)
}

/** All records of a new publisher with these packages. */
export function feedsOf(packages: readonly MadePackage[]): WellFormedRecord[] {
  const publisher = new MadePublisher()
  return [...publisher.root, ...packages.map(made => publisher.release(made))]
}

/** A new home that holds all records of some publishers. */
export async function fillHomeWith(home: string, publishers: readonly (readonly WellFormedRecord[])[]): Promise<void> {
  await using paths = await openDataDirectory(home)
  await saveIdentity(home, createIdentity(Date.now()))
  await using database = await openLevelDatabase(paths.database)
  const records = new RecordStore(database)
  for (const signed of publishers)
    for (let i = 0; i < signed.length; i += BATCH) await records.append(signed.slice(i, i + BATCH))
}
