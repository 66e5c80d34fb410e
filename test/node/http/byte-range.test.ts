import { expect, it } from 'vitest'
import { type ByteRange, byteRangeOf, sliceOf } from '../../../src/node/http/byte-range.ts'

const part = (start: number, end: number): ByteRange => ({ is: 'part', start, end })
const all: ByteRange = { is: 'all' }

it.each<[string | undefined, ByteRange]>([
  [undefined, all],
  ['bytes=0-3', part(0, 4)],
  ['bytes=4-', part(4, 10)],
  ['bytes=-3', part(7, 10)],
  ['bytes=-99', part(0, 10)],
  ['bytes=8-99', part(8, 10)],
  ['bytes=10-', { is: 'outside' }],
  ['bytes=-0', { is: 'outside' }],
  ['bytes=5-2', all],
  ['bytes=0-1,3-4', all],
  ['lines=0-1', all],
  ['bytes=-', all],
])('%s of ten bytes', (header, range) => expect(byteRangeOf(header, 10)).toEqual(range))

it('of bytes without a known size is all of them', () => expect(byteRangeOf('bytes=0-3', null)).toEqual(all))

/** A source that says whether it was closed. */
function source(chunks: readonly string[]) {
  const state = { given: 0, isClosed: false }
  const iterator = {
    next: async () => {
      const text = chunks[state.given++]
      return text === undefined ? { done: true as const, value: undefined } : { done: false, value: Buffer.from(text) }
    },
    return: async () => {
      state.isClosed = true
      return { done: true as const, value: undefined }
    },
  }
  return { state, bytes: { [Symbol.asyncIterator]: () => iterator } as AsyncIterable<Uint8Array> }
}

it('cuts a stream at any place and closes it there', async () => {
  for (let start = 0; start < 9; start++) {
    for (let end = start + 1; end <= 9; end++) {
      const { bytes, state } = source(['abc', 'd', '', 'efghi'])
      let text = ''
      for await (const chunk of sliceOf(bytes, start, end)) text += Buffer.from(chunk).toString()
      expect(text).toBe('abcdefghi'.slice(start, end))
      expect(state.isClosed).toBe(true)
    }
  }
})

it('closes a stream that nobody read', async () => {
  const { bytes, state } = source(['abc'])
  await sliceOf(bytes, 0, 2)[Symbol.asyncIterator]().return?.()
  expect(state.isClosed).toBe(true)
})
