import { DEFAULT_CREDIT_BYTES, MAX_CREDIT_BYTES, MIN_CREDIT_BYTES } from '../../protocol/index.ts'
import { FIRST_BYTE_MS, MIN_BYTES_PER_SECOND } from './limits.ts'
import type { RequestBounds } from './open-request.ts'

/** How one request is made; see `RequestBounds` for the units. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  readonly creditBytes?: number
  readonly longestBytes?: number
  readonly firstByteMs?: number
  readonly queuedMs?: number
  readonly minBytesPerSecond?: number
  readonly probeAfterMs?: number
}

/** What bounds a request, with what holds where its options say nothing. */
export function boundsOf(options: RequestOptions): RequestBounds {
  const creditBytes = Math.min(
    MAX_CREDIT_BYTES,
    Math.max(MIN_CREDIT_BYTES, options.creditBytes ?? DEFAULT_CREDIT_BYTES),
  )
  return {
    creditBytes,
    longestBytes: options.longestBytes ?? creditBytes,
    minBytesPerSecond: options.minBytesPerSecond ?? MIN_BYTES_PER_SECOND,
    firstByteMs: options.firstByteMs ?? FIRST_BYTE_MS,
    queuedMs: options.queuedMs ?? 0,
    probeAfterMs: options.probeAfterMs ?? 0,
  }
}
