import { statfs } from 'node:fs/promises'
import { AMPLE_DISK_BYTES, FREE_BYTES_MS, MAX_FREE_BYTES_MS } from './limits.ts'

type FreeBytes = (folder: string) => Promise<number>

/** Bytes that this user can still write to the disk that holds `folder`. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The same for one folder, asked again once a disk could have been filled since, after ten seconds at most; `now` in ms. */
export function keptFreeBytes(ask: FreeBytes = freeBytesOf, now: () => number = () => performance.now()): FreeBytes {
  let kept = { bytes: 0, until: Number.NEGATIVE_INFINITY }
  return async folder => {
    const at = now()
    if (at >= kept.until) {
      const bytes = await ask(folder)
      kept = { bytes, until: at + keptMsOf(bytes) }
    }
    return kept.bytes
  }
}

function keptMsOf(bytes: number): number {
  return bytes < AMPLE_DISK_BYTES ? 0 : Math.min((bytes / AMPLE_DISK_BYTES) * FREE_BYTES_MS, MAX_FREE_BYTES_MS)
}
