import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, type Frame, FrameReader } from '../../../src/protocol/index.ts'

test('frames survive any cutting of their bytes', () => {
  const frames = fc.array(fc.tuple(fc.nat(255), fc.nat(0xffffffff), fc.uint8Array({ maxLength: 20_000 })), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 9000 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([type, id, payload]) => encodeFrame(type, id, payload)))
      const reader = new FrameReader()
      const got: Frame[] = []
      for (let at = 0; at < bytes.byteLength; ) {
        const end = at + (cuts.next().value as number)
        for (const frame of reader.push(bytes.subarray(at, end))) if (typeof frame !== 'string') got.push(frame)
        at = end
      }
      expect(got.map(({ type, id, payload }) => [type, id, Buffer.from(payload)])).toEqual(
        sent.map(([type, id, payload]) => [type, id, Buffer.from(payload)]),
      )
    }),
  )
})

test('a header that promises a megabyte takes no megabyte before its bytes come', () => {
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 200 }, () => {
    const reader = new FrameReader()
    for (const _ of reader.push(Uint8Array.of(0, 16, 0, 0, 3, 0, 0, 0, 1)));
    return reader
  })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 << 20)
  expect(readers).toHaveLength(200)
})

test('a fault stays a fault', () => {
  const reader = new FrameReader()
  expect([...reader.push(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 0))]).toEqual(['frame-too-long'])
  expect([...reader.push(Uint8Array.of(0))]).toEqual(['frame-too-long'])
})
