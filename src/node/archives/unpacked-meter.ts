import type { UnpackedMeter } from './entry.ts'
import { type ArchiveLimits, unpackedBytesByRatio } from './limits.ts'
import { refuse } from './refusal.ts'

/** Stops a bomb at the first byte too many when the artifact's size is known; `checkRatio` judges the others at their end. */
export function meterOf(limits: ArchiveLimits, size: number | null): UnpackedMeter {
  const byRatio = size === null ? Number.POSITIVE_INFINITY : unpackedBytesByRatio(size)
  let total = 0
  return {
    count(bytes) {
      total += bytes
      if (total > limits.unpackedBytes) refuse('E_ARCHIVE_UNPACKED', `more than ${limits.unpackedBytes} bytes unpacked`)
      if (total > byRatio) refuse('E_ARCHIVE_RATIO', 'the archive unpacks to too many times its size')
    },
  }
}

/** Refuses E_ARCHIVE_RATIO for an artifact of `size` bytes that unpacked to `unpackedBytes`. */
export function checkRatio(unpackedBytes: number, size: number): void {
  if (unpackedBytes > unpackedBytesByRatio(size))
    refuse('E_ARCHIVE_RATIO', 'the archive unpacks to too many times its size')
}
