import { expect, test } from 'vitest'
import { forgetMarked } from '../../../src/node/storage/forget-publisher.ts'
import type { LevelDatabase, Write } from '../../../src/node/storage/level-database.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import { forgePublisher } from '../../federation/sync/forge.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const [gone, stays] = [forgePublisher('gone'), forgePublisher('stays')]
const [goneChain, staysChain] = [gone.chain(2_500), stays.chain(3)]

async function filled(): Promise<{ database: LevelDatabase; store: RecordStore }> {
  const database = await openLevelDatabase(await temporaryFolder())
  const store = new RecordStore(database)
  await store.append([gone.genesis, ...goneChain, stays.genesis, ...staysChain])
  return { database, store }
}

/** How many keys there are of the publisher that is gone. */
async function leftOf(database: LevelDatabase): Promise<number> {
  const names = ['records', 'places', 'feeds', 'state'] as const
  const keys = await Promise.all(names.map(name => database.table(name).keys().all()))
  return keys.flat().filter(key => key.includes(gone.publisher)).length
}

test('of a forgotten publisher nothing is left, and all of the others; it can come again', async () => {
  const { database, store } = await filled()
  await using _ = database
  await store.forget(gone.publisher)
  expect(await leftOf(database)).toBe(0)
  expect(await store.counts()).toEqual({ publishers: 1, feeds: 2, records: 4 })
  expect(await store.envelope(goneChain[7]!.id)).toBeNull()
  expect((await store.append([gone.genesis, ...goneChain])).stored).toHaveLength(2_501)
})

test('what is appended while its publisher is being forgotten is refused, what is of others is stored', async () => {
  const { database, store } = await filled()
  await using _ = database
  const forgetting = store.forget(gone.publisher)
  const more = stays.chain(1, staysChain.at(-1))
  const appended = await store.append([gone.genesis, ...more])
  expect(appended.refused).toEqual([{ record: gone.genesis, why: 'forgotten' }])
  expect(appended.stored).toEqual(more)
  await forgetting
  expect(await leftOf(database)).toBe(0)
})

for (const broken of [1, 2, 3, 4])
  test(`a removal that breaks off at write ${broken} is taken up at the next start`, async () => {
    const { database, store } = await filled()
    await using _ = database
    const commit = database.commit.bind(database)
    let writes = 0
    database.commit = (batch: readonly Write[]) =>
      batch.length > 0 && ++writes > broken ? Promise.reject(new Error('power cut')) : commit(batch)
    await expect(store.forget(gone.publisher)).rejects.toThrow('power cut')
    database.commit = commit
    await forgetMarked(database)
    expect(await leftOf(database)).toBe(0)
    const left = new RecordStore(database)
    expect(await left.counts()).toEqual({ publishers: 1, feeds: 2, records: 4 })
  })
