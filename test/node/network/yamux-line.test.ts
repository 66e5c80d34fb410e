import type { MessageStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { MAX_WAITING_BYTES, MAX_WAITING_FRAMES } from '../../../src/node/network/limits.ts'
import { YamuxLine } from '../../../src/node/network/yamux-line.ts'

/** A connection that its peer does not read, and what it was had to do. */
function unread(waitingBytes = 0) {
  const aborts: string[] = []
  const connection = Object.assign(new EventTarget(), {
    ...{ writableNeedsDrain: true, writeBuffer: { byteLength: waitingBytes } },
    abort: ({ message }: Error) => void aborts.push(message),
  })
  return { connection, aborts, line: new YamuxLine(connection as unknown as MessageStream) }
}

test('as many frames wait as the bound says, and with one more the connection ends', () => {
  const { aborts, line } = unread()
  for (let i = 0; i < MAX_WAITING_FRAMES; i++) expect(line.mayFrame()).toBe(true)
  expect(aborts).toEqual([])
  expect(line.mayFrame()).toBe(false)
  expect(aborts).toEqual(['too many frames wait for a peer that does not read'])
})

test('what was read waits no more, and what does not wait is not counted', () => {
  const { connection, aborts, line } = unread()
  for (let i = 0; i < MAX_WAITING_FRAMES; i++) line.mayFrame()
  connection.writableNeedsDrain = false
  for (let i = 0; i < 10; i++) line.mayFrame()
  connection.dispatchEvent(new Event('drain'))
  connection.writableNeedsDrain = true
  for (let i = 0; i < MAX_WAITING_FRAMES; i++) line.mayFrame()
  expect(aborts).toEqual([])
})

test('data stays in its stream from a window of bytes on that wait', () => {
  expect(unread(MAX_WAITING_BYTES - 1).line.isFull).toBe(false)
  const { connection, line } = unread(MAX_WAITING_BYTES)
  expect(line.isFull).toBe(true)
  connection.writableNeedsDrain = false
  expect(line.isFull).toBe(false)
})
