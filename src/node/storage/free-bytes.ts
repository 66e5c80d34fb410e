import { statfs } from 'node:fs/promises'
import { AMPLE_DISK_BYTES, FREE_BYTES_MS } from './limits.ts'

type FreeBytes = (folder: string) => Promise<number>

/** Bytes that this user can still write to the disk that holds `folder`. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The same for one folder, asked at most once a second while the disk is amply free; `now` in ms. */
export function keptFreeBytes(ask: FreeBytes = freeBytesOf, now: () => number = () => performance.now()): FreeBytes {
  let kept = { bytes: 0, at: Number.NEGATIVE_INFINITY }
  return async folder => {
    const at = now()
    if (kept.bytes < AMPLE_DISK_BYTES || at - kept.at >= FREE_BYTES_MS) kept = { bytes: await ask(folder), at }
    return kept.bytes
  }
}
