import { Readable } from 'node:stream'
import { byteRangeOf, sliceOf } from '../../http/byte-range.ts'
import { type NpmAnswer, refusalAnswer } from './npm-answer.ts'
import type { NpmTarball } from './npm-source.ts'

/** A version's bytes never change. Only the client itself may keep them: this node judges again for everyone else. */
const CACHE_CONTROL = 'private, max-age=31536000, immutable'

export interface TarballRequest {
  readonly range: string | undefined
  readonly isHead: boolean
}

/** The bytes or the part asked for; a source that does not know the size yet sends all. */
export function tarballAnswer({ size, bytes }: NpmTarball, request: TarballRequest): NpmAnswer {
  const range = byteRangeOf(request.range, size)
  if (range.is === 'outside') {
    void closeBytes(bytes)
    const refused = refusalAnswer({ code: 'E_RANGE', message: `the tarball has ${size} bytes` }, 416)
    return { ...refused, headers: { ...refused.headers, 'content-range': `bytes */${size}` } }
  }
  const length = range.is === 'part' ? range.end - range.start : size
  const headers = {
    'content-type': 'application/octet-stream',
    'cache-control': CACHE_CONTROL,
    ...(size === null ? {} : { 'accept-ranges': 'bytes' }),
    ...(length === null ? {} : { 'content-length': length }),
    ...(range.is === 'part' ? { 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` } : {}),
  }
  const status = range.is === 'part' ? 206 : 200
  if (request.isHead) {
    void closeBytes(bytes)
    return { status, headers, body: null }
  }
  const wanted = range.is === 'part' ? sliceOf(bytes, range.start, range.end) : bytes
  return { status, headers, body: Readable.from(wanted, { objectMode: false }) }
}

/** Lets a source close what it opened for bytes that nobody reads. */
export async function closeBytes(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await bytes[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {})
}
