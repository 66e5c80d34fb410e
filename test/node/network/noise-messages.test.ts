import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NoiseMessages } from '../../../src/node/network/noise-messages.ts'

/** Bytes cut where the numbers say. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at.map(each => each % (bytes.byteLength + 1)), bytes.byteLength].toSorted((a, b) => a - b)
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)))
}

function framed(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap(message => [Buffer.from([message.byteLength >> 8, message.byteLength]), message]),
  )
}

const someMessages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600, size: 'max' }), { maxLength: 6 })
const cuts = fc.array(fc.nat(), { maxLength: 12 })

test('wherever the bytes are cut, the messages come whole and in order', () => {
  fc.assert(
    fc.property(someMessages, cuts, fc.boolean(), (messages, at, asList) => {
      const reader = new NoiseMessages()
      const pieces = cut(framed(messages), at)
      const read = asList ? reader.decode(pieces) : pieces.flatMap(piece => reader.decode(piece))
      expect(read.map(each => Buffer.from(each))).toEqual(messages.map(each => Buffer.from(each)))
    }),
  )
})

test('byte by byte, the longest message comes once its last byte is here', () => {
  const reader = new NoiseMessages()
  const message = new Uint8Array(65_535).fill(9)
  const bytes = framed([message])
  let early = 0
  for (const byte of bytes.subarray(0, -1)) early += reader.decode(Uint8Array.of(byte)).length
  expect(early).toBe(0)
  const [read] = reader.decode(bytes.subarray(-1))
  expect(Buffer.from(read ?? []).equals(message)).toBe(true)
})

test('an empty message is passed over', () => {
  const message = Uint8Array.of(1, 2, 3)
  expect(new NoiseMessages().decode(Buffer.concat([Buffer.alloc(4), framed([message])]))).toEqual([
    Buffer.from(message),
  ])
})
