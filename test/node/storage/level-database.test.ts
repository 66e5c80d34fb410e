import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Write } from '../../../src/node/storage/index.ts'
import { openLevelDatabase } from '../../../src/node/storage/index.ts'
import { RIDE_MS } from '../../../src/node/storage/limits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const put = (key: string): Write => ({ type: 'put', table: 'state', key, value: Buffer.from(key) })

afterEach(() => vi.useRealTimers())

test('what rides goes with the next commit, before it, in one write', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  const ridden = [database.ride([put('a')]), database.ride([put('b')])]
  const before = database.groups
  await database.commit([put('c'), { type: 'del', table: 'state', key: 'b' }])
  await Promise.all(ridden)
  expect(database.groups - before).toBe(1)
  expect(await database.table('state').keys().all()).toEqual(['a', 'c'])
})

test('what rides goes by itself when no commit comes in time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  const ridden = database.ride([put('a')])
  vi.advanceTimersByTime(RIDE_MS - 1)
  expect(database.table('state').getSync('a')).toBeUndefined()
  vi.advanceTimersByTime(1)
  await ridden
  expect(database.table('state').getSync('a')).toBeDefined()
})

test('what comes while a long write goes on, and is due before its end, goes by itself after it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const disk = Promise.withResolvers<number>()
  const folder = join(await temporaryFolder(), 'db')
  await using database = await openLevelDatabase(folder, { freeBytes: () => disk.promise })
  const written = database.commit([put('a')])
  const ridden = database.ride([put('b')])
  vi.advanceTimersByTime(RIDE_MS)
  disk.resolve(Number.MAX_SAFE_INTEGER)
  await Promise.all([written, ridden])
  expect(await database.table('state').keys().all()).toEqual(['a', 'b'])
})

test('what rides is written when the database closes', async () => {
  const folder = join(await temporaryFolder(), 'db')
  {
    await using database = await openLevelDatabase(folder)
    database.ride([put('a')])
  }
  await using database = await openLevelDatabase(folder)
  expect(database.table('state').getSync('a')).toBeDefined()
})

test('what rides with a commit that finds the disk full waits for one that does not', async () => {
  const disk = { free: 0 }
  const folder = join(await temporaryFolder(), 'db')
  await using database = await openLevelDatabase(folder, { freeBytes: async () => disk.free })
  const ridden = database.ride([put('a')])
  await expect(database.commit([put('b')])).rejects.toMatchObject({ code: 'E_DISK_FULL' })
  disk.free = Number.MAX_SAFE_INTEGER
  await Promise.all([database.commit([put('c')]), ridden])
  expect(await database.table('state').keys().all()).toEqual(['a', 'c'])
})
