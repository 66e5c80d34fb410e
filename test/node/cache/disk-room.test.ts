import { expect, it } from 'vitest'
import { cacheSettingsSchema, maxBytesOf, minFreeOf } from '../../../src/node/cache/cache-settings.ts'
import { byteText, DiskRoom, type DiskSpace, parseByteSize } from '../../../src/node/cache/index.ts'

function roomOf(minFree: { percent: number } | { bytes: number }) {
  const disk = { free: 100, total: 1_000, looks: 0, now: 0 }
  const spaceOf = async (): Promise<DiskSpace> => {
    disk.looks++
    return { free: disk.free, total: disk.total }
  }
  return { disk, room: new DiskRoom({ folder: '/', minFree, spaceOf, now: () => disk.now }) }
}

it('the disk is looked at every two seconds at most, and a full one recovers by itself', async () => {
  const { disk, room } = roomOf({ percent: 5 })
  await Promise.all([room.requireRoom(), room.requireRoom(), room.requireRoom()])
  disk.free = 49
  await room.requireRoom()
  expect([disk.looks, room.problem()]).toEqual([1, null])
  disk.now = 2_000
  await expect(room.requireRoom()).rejects.toMatchObject({
    code: 'E_DISK_FULL',
    message: '49 bytes of the disk are free, less than cache.minFree (50 bytes): nothing new is kept',
    hint: expect.stringContaining('hanse cache prune'),
  })
  disk.free = 50
  disk.now = 4_000
  await room.requireRoom()
  expect([disk.looks, room.problem()]).toEqual([3, null])
})

it('a size in bytes is a bound too', async () => {
  const { room } = roomOf({ bytes: 101 })
  await expect(room.requireRoom()).rejects.toMatchObject({ code: 'E_DISK_FULL' })
})

it('sizes are read as people write them', () => {
  const sizes = ['0', '512', '20GB', '20 gb', '1.5MiB', '1kB', '2TiB']
  expect(sizes.map(parseByteSize)).toEqual([0, 512, 20e9, 20e9, 1_572_864, 1_000, 2 * 1024 ** 4])
  for (const text of ['', 'GB', '-1', '1e9', '5 %', '1XB', '99999999TB', '1.2345GB']) {
    expect([text, parseByteSize(text)]).toEqual([text, null])
  }
  expect([0, 999, 1_000, 1_500_000, 20e9].map(byteText)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '1.5 MB',
    '20.0 GB',
  ])
})

it('settings are a size, a share or unlimited', () => {
  const settings = (value: object) => cacheSettingsSchema.parse(value)
  expect([maxBytesOf(settings({})), minFreeOf(settings({}))]).toEqual([null, { percent: 5 }])
  expect(maxBytesOf(settings({ max: '20GB' }))).toBe(20e9)
  expect(maxBytesOf(settings({ max: 1_000 }))).toBe(1_000)
  expect(minFreeOf(settings({ minFree: '2GB' }))).toEqual({ bytes: 2e9 })
  for (const wrong of [{ max: 'much' }, { max: '5%' }, { minFree: '100%' }, { minFree: 'unlimited' }, { other: 1 }]) {
    expect(cacheSettingsSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
  }
})
