import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FeedStore } from '../../../src/federation/sync/feed-store.ts'
import { foldStored } from '../../../src/node/storage/catalogue.ts'
import { StorageError } from '../../../src/node/storage/errors.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import { CatalogueFold, headOf, parseRecord } from '../../../src/protocol/index.ts'
import { describeFeedStore } from '../../federation/sync/feed-store-contract.ts'
import { forgePublisher } from '../../federation/sync/forge.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'read'
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

async function openIn(folder: string) {
  const database = await openLevelDatabase(folder)
  const store = new RecordStore(database)
  return Object.assign(store, { folder, database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() })
}

describeFeedStore(
  'on LevelDB',
  async () => openIn(await temporaryFolder()),
  async store => {
    await store[Symbol.asyncDispose]?.()
    return openIn((store as FeedStore & { folder: string }).folder)
  },
)

describe('the record store on LevelDB', () => {
  const p = forgePublisher('acme')
  const chain = p.chain(20)

  async function flip(store: Awaited<ReturnType<typeof openIn>>, seq: number, at: number) {
    const [key, value] = (
      await store.database
        .table('records')
        .iterator({ gte: `${p.publisher}/${p.feed}/` })
        .all()
    )[seq - 1]!
    const altered = Uint8Array.from(value)
    altered[at < 0 ? altered.length + at : at]! ^= 1
    await store.database.commit([{ type: 'put', table: 'records', key, value: altered }])
  }

  for (const [part, at] of [
    ['id', 3],
    ['checksum', 40],
    ['payload', 100],
    ['signature', -1],
  ] as const)
    test(`reports a bit flipped in the ${part} and goes on serving the rest`, async () => {
      await using store = await openIn(await temporaryFolder())
      await store.append([p.genesis, ...chain])
      await flip(store, 7, at)
      await expect(store.envelope(chain[6]!.id)).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
      await expect(store.range(p.publisher, p.feed, { from: 1, limit: 99, maxBytes: 1e6 })).rejects.toMatchObject({
        code: 'E_RECORD_CORRUPT',
      })
      expect((await store.range(p.publisher, p.feed, { from: 8, limit: 99, maxBytes: 1e6 })).length).toBe(13)
    })

  test('reports a record in an altered block of the database when it is read at once, and says so of a closed one', async () => {
    const folder = await temporaryFolder()
    const many = p.chain(300)
    {
      await using store = await openIn(folder)
      await store.append([p.genesis, ...many])
    }
    // What is in the log becomes a table of blocks when the database is opened.
    await (await openIn(folder))[Symbol.asyncDispose]()
    for (const name of (await readdir(folder)).filter(each => each.endsWith('.ldb'))) {
      const bytes = await readFile(join(folder, name))
      for (let at = 1_000; at < bytes.length - 5_000; at += 97) bytes[at]! ^= 0x55
      await writeFile(join(folder, name), bytes)
    }
    const store = await openIn(folder)
    const outcomes = many.map(record => codeOf(() => store.recordAt(headOf(record))))
    expect(new Set(outcomes)).toEqual(new Set(['read', 'E_RECORD_CORRUPT']))
    await store[Symbol.asyncDispose]()
    expect(codeOf(() => store.recordAt(headOf(many[0]!)))).toBe('E_STORAGE_FAILED')
  })

  test('reads a record at once on whichever branch it lies', async () => {
    await using store = await openIn(await temporaryFolder())
    const rival = p.chain(2, chain[4], 'rival')
    await store.append([p.genesis, ...chain, ...rival])
    for (const record of [p.genesis, ...chain, ...rival]) expect(store.recordAt(headOf(record)).id).toBe(record.id)
    expect(codeOf(() => store.recordAt({ ...headOf(chain[6]!), id: p.chain(1, chain[5], 'unheld')[0]!.id }))).toBe(
      'E_RECORD_CORRUPT',
    )
  })

  test('reports a record that is gone instead of ending the range before it', async () => {
    await using store = await openIn(await temporaryFolder())
    await store.append(chain)
    const keys = await store.database.table('records').keys().all()
    await store.database.commit([{ type: 'del', table: 'records', key: keys[19]! }])
    await expect(store.range(p.publisher, p.feed, { from: 19, limit: 99, maxBytes: 1e6 })).rejects.toMatchObject({
      code: 'E_RECORD_CORRUPT',
    })
  })

  test('takes concurrent appends of one feed in the order of the calls, in few batches', async () => {
    await using store = await openIn(await temporaryFolder())
    const appended = await Promise.all(chain.map(record => store.append([record])))
    expect(appended.every(({ stored }) => stored.length === 1)).toBe(true)
    expect(store.database.groups).toBeLessThanOrEqual(2)
  })

  test('iterates every record, the root feed of each publisher first, for a refold', async () => {
    await using store = await openIn(await temporaryFolder())
    const other = forgePublisher('other')
    const rival = p.chain(2, chain[3]!, 'rival')
    await store.append([p.genesis, ...chain, ...rival, other.genesis, ...other.chain(2)])
    const seen = []
    for await (const record of store.records()) seen.push(record.id)
    expect(seen.length).toBe(26)
    const mine = []
    for await (const record of store.records(p.publisher)) mine.push(record.id)
    expect(mine).toEqual([p.genesis, ...chain, ...rival].map(({ id }) => id))
    expect(await store.counts()).toEqual({ publishers: 2, feeds: 4, records: 26 })
    expect([...(await store.publishers())].sort()).toEqual([p.publisher, other.publisher].sort())
  })

  test('folds to the same digest as the records themselves', async () => {
    await using store = await openIn(await temporaryFolder())
    const records = [p.genesis, ...chain, ...p.chain(2, chain[3]!, 'rival')]
    await store.append(records)
    const direct = new CatalogueFold()
    direct.add(records.map(({ envelope }) => parseRecord(envelope, { net: 'main' })))
    expect((await foldStored(store, 'main')).digest()).toBe(direct.digest())
    expect((await foldStored(store, 'main', p.publisher)).publishers()).toEqual([p.publisher])
  })

  test('refuses a write on a full disk, keeps reading, and writes again when there is room', async () => {
    let free = 1e9
    await using database = await openLevelDatabase(await temporaryFolder(), { freeBytes: async () => free })
    const store = new RecordStore(database)
    await store.append(chain.slice(0, 2))
    free = 1e6
    await expect(store.append(chain.slice(2, 3))).rejects.toMatchObject({ code: 'E_DISK_FULL' })
    expect((await store.head(p.publisher, p.feed))?.seq).toBe(2)
    free = 1e9
    expect((await store.append(chain.slice(2))).stored.length).toBe(18)
  })
})
