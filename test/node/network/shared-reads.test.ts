import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { MessageStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { readInPlace, sharedReads } from '../../../src/node/network/shared-reads.ts'

/** A dialled socket that shares its reads, and the other end of it. */
async function pair() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', onread: sharedReads })
  const [far] = (await accepted) as [Socket]
  for (const socket of [near, far]) socket.on('error', () => {})
  return {
    ...{ near, far },
    [Symbol.asyncDispose]: async () => {
      near.destroy()
      far.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const streamOf = (socket: Socket, readStatus: string) => ({ socket, readStatus }) as unknown as MessageStream

test.each([
  ['a reader that keeps what it gets', null],
  ['one that takes it at once', 'readable'],
  ['one that is paused', 'paused'],
])('%s gets the bytes, in order', async (_, status) => {
  await using it = await pair()
  if (status !== null) readInPlace(streamOf(it.near, status))
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, at) => (at * 31) % 251))
  const parts: Buffer[] = []
  it.near.on('data', (part: Buffer) => parts.push(status === 'readable' ? Buffer.from(part) : part))
  it.far.end(bytes)
  await once(it.near, 'end')
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  // What another socket reads changes nothing of what was kept.
  expect(parts.every(part => part.buffer !== sharedReads.buffer.buffer)).toBe(true)
})

test('what comes before anybody listens, or while the socket is paused, is kept and comes first', async () => {
  await using it = await pair()
  readInPlace(streamOf(it.near, 'readable'))
  it.far.write('one ')
  await once(it.near, 'readable')
  it.far.end('two')
  const parts: string[] = []
  it.near.on('data', (part: Buffer) => parts.push(part.toString()))
  await once(it.near, 'end')
  expect(parts.join('')).toBe('one two')
})
