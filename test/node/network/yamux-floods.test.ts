import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'
import { LIBP2P_READS, MAX_WAITING_BYTES, YAMUX_ASKS } from '../../../src/node/network/limits.ts'
import {
  DATA,
  frame,
  GREETING,
  LIBP2P_PROTOCOL,
  MAX_STREAMS,
  PING,
  PROTOCOL,
  type RawYamux,
  RST,
  rawYamux,
  SYN,
  WINDOW_UPDATE,
} from './raw-yamux.ts'

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

/** Sends frames in one piece until the far side ended the connection. */
async function flood({ nearLine, farLine }: RawYamux, frames: (i: number) => Uint8Array, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => frames(i))
  for (let i = 0; i < count && nearLine.status === 'open'; i += 500) {
    nearLine.send(Buffer.concat(all.slice(i, i + 500)))
    await nextTurn()
  }
  await expect.poll(() => farLine.status).toBe('aborted')
}

test('pings without end are not answered without end', async () => {
  await using it = await rawYamux()
  it.nearLine.pause()
  await flood(it, i => frame(PING, SYN, 0, i), 2 * YAMUX_ASKS.burst)
})

test('nor are streams that are opened above those that may be', async () => {
  await using it = await rawYamux()
  it.nearLine.pause()
  await flood(it, i => frame(WINDOW_UPDATE, SYN, 2 * i + 1, 0), MAX_STREAMS + 2 * YAMUX_ASKS.burst)
})

test('streams that are opened, greeted and reset at once are not opened without end', async () => {
  await using it = await rawYamux()
  const one = (id: number) =>
    Buffer.concat([frame(DATA, SYN, id, GREETING.byteLength), GREETING, frame(WINDOW_UPDATE, RST, id, 0)])
  await flood(it, i => one(2 * i + 1), 2 * YAMUX_ASKS.burst)
})

const STREAM_BYTES = 2 << 20
const windowOf = (stream: Stream) => (stream as unknown as { readonly sendWindowCapacity: number }).sendWindowCapacity

/** Streams over which the far side sends as much as is taken, to a peer that reads nothing yet. */
async function sendingStreams() {
  const it = await rawYamux()
  const streams = await Promise.all(Array.from({ length: 16 }, () => it.near.newStream(PROTOCOL)))
  await expect.poll(() => it.accepted.length).toBe(streams.length)
  it.nearLine.pause()
  const piece = Buffer.alloc(64 << 10)
  const sent = it.accepted.map(async stream => {
    const duplex = duplexOfStream(stream)
    for (let bytes = 0; bytes < STREAM_BYTES; bytes += piece.byteLength) await duplex.send(piece)
  })
  for (const each of sent) each.catch(() => {})
  return { it, streams, sent }
}

test('data for a peer that opens its windows and reads nothing stays in its streams', async () => {
  const { it, streams } = await sendingStreams()
  await using _ = it
  // One by one: what comes at once lets one stream send.
  for (let i = 0; i < 8 * streams.length; i++) {
    it.nearLine.send(frame(WINDOW_UPDATE, 0, Number(streams[i % streams.length]!.id), STREAM_BYTES))
    for (let turn = 0; turn < 3; turn++) await nextTurn()
  }
  const open = () => it.accepted.reduce((sum, stream) => sum + windowOf(stream), 0)
  await expect.poll(open).toBeGreaterThan(7 * streams.length * STREAM_BYTES)
  expect(it.farLine.writeBuffer.byteLength).toBeLessThan(MAX_WAITING_BYTES + STREAM_BYTES)
})

test('many large transfers to a peer that pauses arrive whole when it goes on', async () => {
  const { it, streams, sent } = await sendingStreams()
  await using _ = it
  const received = streams.map(() => 0)
  for (const [i, stream] of streams.entries())
    stream.addEventListener('message', ({ data }) => {
      received[i]! += data.byteLength
    })
  for (let turn = 0; turn < 50; turn++) await nextTurn()
  expect([it.farLine.status, received.some(bytes => bytes === STREAM_BYTES)]).toEqual(['open', false])
  it.nearLine.resume()
  await Promise.all(sent)
  await expect.poll(() => received).toEqual(streams.map(() => STREAM_BYTES))
})

test('what comes on streams of libp2p’s own protocols, which keep what they do not read yet, has a bound over all of them', async () => {
  await using it = await rawYamux()
  const half = Buffer.alloc(LIBP2P_READS.burst / 2)
  const streams = [await it.near.newStream(LIBP2P_PROTOCOL), await it.near.newStream(LIBP2P_PROTOCOL)] as const
  await expect.poll(() => it.accepted.length).toBe(2)
  for (const stream of streams) stream.send(half.subarray(0, half.byteLength - (64 << 10)))
  const kept = () => it.accepted.map(stream => stream.readBufferLength)
  await expect.poll(kept).toEqual(Array(2).fill(half.byteLength - (64 << 10)))
  expect(it.farLine.status).toBe('open')
  for (const stream of streams) stream.send(half)
  await expect.poll(() => it.farLine.status).toBe('aborted')
})
