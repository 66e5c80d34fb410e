import { expect, test } from 'vitest'
import { keptFreeBytes } from '../../../src/node/storage/free-bytes.ts'
import { AMPLE_DISK_BYTES, FREE_BYTES_MS, MAX_FREE_BYTES_MS } from '../../../src/node/storage/limits.ts'

test('a disk is asked again once it could have been filled, and one that is not amply free each time', async () => {
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

test('a large disk is asked once in ten seconds', async () => {
  const disk = { free: 3 * AMPLE_DISK_BYTES, now: 0 }
  const freeBytes = keptFreeBytes(
    async () => disk.free,
    () => disk.now,
  )
  const seen: number[] = []
  for (const [now, free] of [
    [0, 3 * AMPLE_DISK_BYTES],
    [3 * FREE_BYTES_MS - 1, 100 * AMPLE_DISK_BYTES],
    [3 * FREE_BYTES_MS, 100 * AMPLE_DISK_BYTES],
    [3 * FREE_BYTES_MS + MAX_FREE_BYTES_MS - 1, 0],
    [3 * FREE_BYTES_MS + MAX_FREE_BYTES_MS, 0],
  ] as const) {
    Object.assign(disk, { now, free })
    seen.push((await freeBytes('home')) / AMPLE_DISK_BYTES)
  }
  expect(seen).toEqual([3, 3, 100, 100, 0])
})
