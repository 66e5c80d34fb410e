import { expect, test } from 'vitest'
import { DATA, frame, PROTOCOL, rawYamux } from './raw-yamux.ts'

const FIRST_WINDOW_BYTES = 256 << 10
const LARGEST_WINDOW_BYTES = 2 << 20
/** Of the stream that the near side opens first. */
const FIRST = 1

const headersTooLong = [
  ['of no stream', 99, 0xffff_ffff],
  ['of no stream, a byte longer than any window', 99, LARGEST_WINDOW_BYTES + 1],
  ['of a stream, a byte longer than its window', FIRST, FIRST_WINDOW_BYTES + 1],
  ['of the connection itself', 0, 1],
] as const

test.each(headersTooLong)(
  'a header of data %s ends the connection before anything of it came',
  async (_, id, bytes) => {
    await using it = await rawYamux()
    const stream = await it.near.newStream(PROTOCOL)
    expect(Number(stream.id)).toBe(FIRST)
    await expect.poll(() => it.accepted.length).toBe(1)
    const header = frame(DATA, 0, id, bytes)
    it.nearLine.send(header.subarray(0, 5))
    it.nearLine.send(header.subarray(5))
    await expect.poll(() => it.farLine.status).toBe('aborted')
    await expect.poll(() => it.near.status).not.toBe('open')
  },
)

test('a window of data that was on its way when its stream was reset goes to nobody, and what is behind it arrives', async () => {
  await using it = await rawYamux()
  const stream = await it.near.newStream(PROTOCOL)
  await expect.poll(() => it.accepted.length).toBe(1)
  it.accepted[0]!.abort(new Error('not wanted any more'))
  await expect.poll(() => stream.status).toBe('reset')
  const data = Buffer.alloc(60_000)
  it.nearLine.send(frame(DATA, 0, FIRST, LARGEST_WINDOW_BYTES))
  for (let left = LARGEST_WINDOW_BYTES; left > 0; left -= data.byteLength) it.nearLine.send(data.subarray(0, left))
  const next = await it.near.newStream(PROTOCOL)
  expect([next.status, it.farLine.status]).toEqual(['open', 'open'])
})
