import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { abortable } from '../abortable.ts'
import { ByteSource } from './byte-source.ts'
import { refuse } from './refusal.ts'

/** Where an archive's bytes come from: a file, or chunks of which the first pass is the only one. */
export type ArchiveSource = { readonly path: string } | AsyncIterable<Uint8Array>

/** Digests of the bytes read, in the spelling of records and clients. */
export interface Digests {
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** SRI text, `sha512-…`. */
  readonly sha512: string
  /** Lower-case hex. */
  readonly sha1: string
}

/** An archive's bytes opened for one pass, hashed as they go by. */
export interface Download extends AsyncDisposable {
  readonly bytes: ByteSource
  /** Bytes, when known before reading. */
  readonly size: number | null
  /** Digests of what has been read. */
  digests(): Digests
}

/** Opens a source for one pass of at most `maxBytes`; refuses E_ARCHIVE_TOO_LARGE, throws what the source throws. */
export async function openDownload(source: ArchiveSource, maxBytes: number, signal?: AbortSignal): Promise<Download> {
  signal?.throwIfAborted()
  const size = 'path' in source ? (await stat(source.path)).size : null
  if (size !== null && size > maxBytes) refuse('E_ARCHIVE_TOO_LARGE', `the archive has more than ${maxBytes} bytes`)
  const chunks: AsyncIterable<Uint8Array> =
    'path' in source ? createReadStream(source.path, { highWaterMark: 256 * 1024 }) : source
  const iterator = chunks[Symbol.asyncIterator]()
  const hashes = { sha256: createHash('sha256'), sha512: createHash('sha512'), sha1: createHash('sha1') }
  let read = 0
  const next = async () => {
    signal?.throwIfAborted()
    const result = await abortable(iterator.next(), signal)
    if (result.done) return undefined
    read += result.value.length
    if (read > maxBytes) refuse('E_ARCHIVE_TOO_LARGE', `the archive has more than ${maxBytes} bytes`)
    for (const hash of Object.values(hashes)) hash.update(result.value)
    return result.value
  }
  return {
    bytes: new ByteSource(next),
    size,
    digests: () => ({
      size: read,
      sha256: hashes.sha256.copy().digest('hex'),
      sha512: `sha512-${hashes.sha512.copy().digest('base64')}`,
      sha1: hashes.sha1.copy().digest('hex'),
    }),
    // A source that hangs must not hold its reader: its own clean-up is asked for, not awaited.
    [Symbol.asyncDispose]: async () => void iterator.return?.().catch(() => {}),
  }
}
