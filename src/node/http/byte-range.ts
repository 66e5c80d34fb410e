/** The part of some bytes that a request asks for; `end` is after the last. */
export type ByteRange =
  | { readonly is: 'all' }
  | { readonly is: 'part'; readonly start: number; readonly end: number }
  | { readonly is: 'outside' }

const ALL: ByteRange = { is: 'all' }

/** Reads a Range header against a size (RFC 9110, 14.2): one range is answered, several or a broken one as all. */
export function byteRangeOf(header: string | undefined, size: number | null): ByteRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (match === null || size === null) return ALL
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return ALL
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? { is: 'outside' } : { is: 'part', start: size - length, end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return ALL
  return start >= size ? { is: 'outside' } : { is: 'part', start, end }
}

/**
 * The bytes from `start` up to `end` of a stream; what comes after is not read. An iterator, not a generator: one that nobody
 * starts to read closes the stream all the same.
 */
export function sliceOf(bytes: AsyncIterable<Uint8Array>, start: number, end: number): AsyncIterable<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  let position = 0
  const close = async (): Promise<IteratorResult<Uint8Array>> => {
    await iterator.return?.()
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    while (position < end) {
      const { done, value } = await iterator.next()
      if (done) return { done, value }
      const from = Math.max(0, start - position)
      const to = Math.min(value.length, end - position)
      position += value.length
      if (from < to) return { done: false, value: value.subarray(from, to) }
    }
    return await close()
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: close }) }
}
