import { expect, test } from 'vitest'
import { keptFreeBytes } from '../../../src/node/storage/free-bytes.ts'
import { AMPLE_DISK_BYTES, FREE_BYTES_MS } from '../../../src/node/storage/limits.ts'

test('an amply free disk is asked once a second, and one that is not each time', async () => {
  const disk = { free: AMPLE_DISK_BYTES, asked: 0, now: 0 }
  const ask = async () => {
    disk.asked++
    return disk.free
  }
  const freeBytes = keptFreeBytes(ask, () => disk.now)
  expect(await freeBytes('home')).toBe(AMPLE_DISK_BYTES)
  disk.free = AMPLE_DISK_BYTES - 1
  disk.now = FREE_BYTES_MS - 1
  expect(await freeBytes('home')).toBe(AMPLE_DISK_BYTES)
  disk.now = FREE_BYTES_MS
  expect(await freeBytes('home')).toBe(AMPLE_DISK_BYTES - 1)
  disk.free = 7
  expect(await freeBytes('home')).toBe(7)
  expect(disk.asked).toBe(3)
})
