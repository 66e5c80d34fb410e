import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MessageStream, Stream, StreamMuxer } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joiningYamux } from '../../../src/node/network/joining-yamux.ts'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'

const WINDOW_UPDATE = 1
const GO_AWAY = 3
const PROTOCOL_ERROR = 1
const FIRST_WINDOW_BYTES = 256 << 10

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })

/** A muxer whose peer is this test: `bring` is what comes from it, `sent` what goes to it. */
function muxer(): { muxer: StreamMuxer; bring(frame: Uint8Array): void; sent: Uint8Array[] } {
  const sent: Uint8Array[] = []
  const connection = Object.assign(new EventTarget(), {
    log,
    direction: 'inbound',
    abort: () => {},
    send(data: Uint8Array | { subarray(): Uint8Array }) {
      sent.push(Uint8Array.from(data.subarray()))
      return true
    },
  }) as unknown as MessageStream
  const made = joiningYamux({ enableKeepAlive: false })().createStreamMuxer(connection)
  return {
    muxer: made,
    bring: frame => void connection.dispatchEvent(Object.assign(new Event('message'), { data: frame }) as never),
    sent,
  }
}

function dataFrame(bytes: number): Uint8Array {
  const frame = new Uint8Array(12 + bytes)
  const view = new DataView(frame.buffer)
  view.setUint32(4, 1)
  view.setUint32(8, bytes)
  return frame
}

/** A stream that the peer opened. */
async function opened() {
  const { muxer: made, bring, sent } = muxer()
  const coming = new Promise<Stream>(resolve => made.addEventListener('stream', event => resolve(event.detail)))
  bring(Uint8Array.of(0, WINDOW_UPDATE, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0))
  bring(dataFrame(1)) // answered with the flag that accepts the stream
  const stream = await coming
  stream.protocol = '/test/1'
  let received = 0
  stream.addEventListener('message', ({ data }) => {
    received += data.byteLength
  })
  const updates = () =>
    sent
      .filter(frame => frame[1] === WINDOW_UPDATE)
      .map(frame => new DataView(frame.buffer).getUint32(8))
      .filter(bytes => bytes > 0)
  return { bring, sent, updates, received: () => received }
}

test('the peer is told of more room once half of its window is used up, and not before', async () => {
  const { bring, updates } = await opened()
  const before = updates().length
  for (let sent = 0; sent < FIRST_WINDOW_BYTES / 2 - 8_192; sent += 4_096) bring(dataFrame(4_096))
  expect(updates()).toHaveLength(before)
  bring(dataFrame(8_192))
  expect(updates()).toHaveLength(before + 1)
  expect(updates().at(-1)).toBeGreaterThanOrEqual(FIRST_WINDOW_BYTES / 2)
})

test('a peer that sends as much as it may never comes to an end of it', async () => {
  const { bring, updates, received } = await opened()
  let mayBytes = FIRST_WINDOW_BYTES
  let told = updates().length
  let sent = 0
  for (let turn = 0; turn < 100; turn++) {
    const bytes = Math.min(mayBytes, 60_000)
    expect(bytes).toBeGreaterThan(0)
    bring(dataFrame(bytes))
    sent += bytes
    mayBytes -= bytes
    for (const more of updates().slice(told)) mayBytes += more
    told = updates().length
  }
  expect(received()).toBeGreaterThanOrEqual(sent)
})

test('a frame that names more than may come is a fault of the protocol, and the peer is told so', async () => {
  const { bring, sent } = await opened()
  bring(dataFrame(FIRST_WINDOW_BYTES + 1).subarray(0, 12))
  const last = sent.at(-1)!
  expect([last[1], new DataView(last.buffer).getUint32(8)]).toEqual([GO_AWAY, PROTOCOL_ERROR])
})

type End = EventTarget & { failure: unknown }

/** Two connections, each of which hands what it is sent to the other in a later turn. */
function link(): [End, End] {
  const ends = ['outbound', 'inbound'].map(direction =>
    Object.assign(new EventTarget(), { log, direction, failure: null as unknown }),
  ) as unknown as [End, End]
  for (const [from, to] of [ends, ends.toReversed()] as [End, End][]) {
    let passed = Promise.resolve()
    const send = (data: { subarray(): Uint8Array }) => {
      const bytes = Uint8Array.from(data.subarray())
      passed = passed.then(async () => {
        await nextTurn()
        to.dispatchEvent(Object.assign(new Event('message'), { data: bytes }))
      })
      return true
    }
    Object.assign(from, { send, abort: (error: unknown) => Object.assign(from, { failure: error }) })
  }
  return ends
}

const makers = fc.constantFrom(joiningYamux, yamux)
const lengths = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 70_000 }))
const messages = fc.array(fc.array(lengths, { minLength: 1, maxLength: 6 }), { maxLength: 40 })
const init = { enableKeepAlive: false, streamOptions: { maxStreamWindowSize: 2 << 20 } }

test('with itself and with libp2p’s, both ways at once, everything arrives and no window is exceeded', async () => {
  await fc.assert(
    fc.asyncProperty(makers, makers, messages, messages, async (here, there, to, fro) => {
      const ends = link()
      const [opener, accepter] = [here, there].map((make, i) => make(init)().createStreamMuxer(ends[i] as never))
      const accepted = new Promise<Stream>(resolve =>
        accepter!.addEventListener('stream', ({ detail }) => resolve(detail)),
      )
      const stream = await opener!.createStream()
      const streams = [stream, await accepted] as const
      for (const each of streams) each.protocol = '/test/1'
      const received = streams.map(each => {
        const parts: Uint8Array[] = []
        each.addEventListener('message', ({ data }) => void parts.push(Uint8Array.from(data.subarray())))
        return () => Buffer.concat(parts)
      })
      const send = async (from: Stream, sizes: readonly number[][]) => {
        const duplex = duplexOfStream(from)
        const sent = sizes.map((each, i) => each.map((bytes, j) => Buffer.alloc(bytes, i * 7 + j)))
        for (const parts of sent) await duplex.sendParts!(parts)
        return Buffer.concat(sent.flat())
      }
      const [said, answered] = await Promise.all([send(streams[0], to), send(streams[1], fro)])
      const isDone = () =>
        received[1]!().byteLength === said.byteLength && received[0]!().byteLength === answered.byteLength
      for (let turn = 0; turn < 20_000 && !isDone(); turn++) await nextTurn()
      expect(received[1]!().equals(said) && received[0]!().equals(answered)).toBe(true)
      expect(ends.map(({ failure }) => failure)).toEqual([null, null])
    }),
    { numRuns: 30 },
  )
}, 120_000)
