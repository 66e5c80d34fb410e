import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { YamuxFrame, YamuxHeader } from '../../../src/node/network/yamux-frames.ts'
import { YamuxReader } from '../../../src/node/network/yamux-reader.ts'

const [SYN, FIN] = [1, 4]

interface Sent {
  readonly header: YamuxHeader
  readonly data: Uint8Array
}

function bytesOf({ header, data }: Sent): Buffer {
  const head = Buffer.alloc(12)
  head[1] = header.type
  head.writeUInt16BE(header.flag, 2)
  head.writeUInt32BE(header.streamID, 4)
  head.writeUInt32BE(header.length, 8)
  return Buffer.concat([head, data])
}

const dataFrame = (streamID: number, flag: number, data: Uint8Array): Sent => ({
  header: { type: 0, flag, streamID, length: data.byteLength },
  data,
})

function reader(admit: (header: YamuxHeader) => void = () => {}) {
  const taken: YamuxFrame[] = []
  const made = new YamuxReader({
    take: ({ header, data }) => taken.push({ header, ...(data === undefined ? {} : { data: Uint8Array.from(data) }) }),
    admit,
  })
  return { made, taken }
}

const someData = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, SYN, FIN, SYN | FIN), fc.uint8Array({ maxLength: 60 }))
  .map(sent => dataFrame(...sent))
const others = fc
  .record({ type: fc.constantFrom(1, 2, 3), flag: fc.nat(15), streamID: fc.nat(3), length: fc.nat(2 ** 32 - 1) })
  .map(header => ({ header, data: new Uint8Array() }))
const frames = fc.array(fc.oneof(someData, others), { maxLength: 8 })

test('wherever the bytes are cut, the same comes in the same order, and what ends a stream behind all of its data', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (sent, at, asList) => {
      const bytes = Buffer.concat(sent.map(bytesOf))
      const ends = [...at.map(each => each % (bytes.byteLength + 1)), bytes.byteLength].toSorted((a, b) => a - b)
      const pieces = ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)))
      const { made, taken } = reader()
      if (asList) made.read(Object.assign(pieces, { byteLength: bytes.byteLength }))
      else for (const piece of pieces) made.read(piece)
      // Pieces of one frame, put together again, are the frame.
      const whole: Sent[] = []
      let open: Sent | null = null
      for (const { header, data = new Uint8Array() } of taken) {
        const sooner: Sent | null = open
        const flag = header.flag | (sooner?.header.flag ?? 0)
        const joined = Buffer.concat([sooner?.data ?? new Uint8Array(), data])
        const length = header.type === 0 ? joined.byteLength : header.length
        const one: Sent = { header: { ...header, flag, length }, data: joined }
        const isWhole = length === sent[whole.length]?.header.length
        if (isWhole) whole.push(one)
        else expect(header.flag & FIN).toBe(0)
        open = isWhole ? null : one
      }
      expect(open).toBeNull()
      expect(whole).toEqual(sent.map(({ header, data }) => ({ header, data: Buffer.from(data) })))
    }),
  )
})

test('data is handed on as it comes: nothing waits for the rest of its frame', () => {
  const { made, taken } = reader()
  const frame = bytesOf(dataFrame(1, SYN | FIN, new Uint8Array(1_000).fill(7)))
  made.read(frame.subarray(0, 12))
  expect(taken).toEqual([])
  for (const [from, to] of [
    [12, 13],
    [13, 800],
    [800, 1_012],
  ] as const)
    made.read(frame.subarray(from, to))
  expect(taken.map(({ header }) => [header.flag, header.length])).toEqual([
    [SYN, 1],
    [0, 787],
    [FIN, 212],
  ])
})

test.each([[12], [1]])('a length is judged with its header, %i bytes of which come at a time', bytes => {
  const asked: number[] = []
  const { made, taken } = reader(({ length }) => {
    asked.push(length)
    throw new Error('too long')
  })
  const header = bytesOf({
    header: { type: 0, flag: 0, streamID: 9, length: 0xffff_ffff },
    data: new Uint8Array(),
  })
  for (let at = 0; at < 12 - bytes; at += bytes) made.read(header.subarray(at, at + bytes))
  expect(asked).toEqual([])
  expect(() => made.read(header.subarray(12 - bytes))).toThrow('too long')
  expect([asked, taken]).toEqual([[0xffff_ffff], []])
})

test('a frame of another version is one of no version', () => {
  expect(() => reader().made.read(Uint8Array.of(1, ...new Uint8Array(11)))).toThrow('another version')
})
