import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { MessageStream, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { type Pieces, readDirectly } from '../../../src/node/network/direct-stream.ts'
import { joiningTcp } from '../../../src/node/network/joined-writes.ts'

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const bare = { upgradeOutbound: async (connection: MultiaddrConnection) => connection } as unknown as Upgrader

/** A connection that is direct, and the bare socket at its other end. */
async function pair() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`)
  const { signal } = new AbortController()
  const dialled = await joiningTcp()({ logger: { forComponent: () => log } }).dial(address, { upgrader: bare, signal })
  const connection = dialled as unknown as MultiaddrConnection
  const [far] = await accepted
  far.on('error', () => {})
  return {
    ...{ connection, far },
    [Symbol.asyncDispose]: async () => {
      connection.abort(new Error('done'))
      far.destroy()
      server.close()
    },
  }
}

/** What the connection brings, as its only listener and directly; `how` counts the messages of each way. */
function reading(connection: MessageStream) {
  const parts: Buffer[] = []
  const how = { event: 0, direct: 0 }
  const take = (way: keyof typeof how, data: Pieces) => {
    how[way]++
    parts.push(Buffer.concat(data instanceof Uint8Array ? [data] : [...data]))
  }
  readDirectly(connection, data => take('direct', data))
  const listener = ({ data }: { data: Pieces }) => take('event', data)
  connection.addEventListener('message', listener as never)
  return { how, bytes: () => Buffer.concat(parts) }
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise(resolve => setImmediate(resolve))
}

test('the only reader gets what comes without an event, and what it kept waiting first', async () => {
  await using it = await pair()
  const got = reading(it.connection)
  it.far.write('one ')
  await until(() => got.bytes().length === 4)
  expect(got.how).toEqual({ event: 0, direct: 1 })

  it.connection.pause()
  it.far.write('two ')
  await new Promise(resolve => setImmediate(resolve))
  expect(String(got.bytes())).toBe('one ')
  it.connection.resume()
  it.far.write('three')
  await until(() => got.bytes().length === 13)
  expect(String(got.bytes())).toBe('one two three')
})

test('who listens beside it hears of everything too', async () => {
  await using it = await pair()
  const got = reading(it.connection)
  let heard = 0
  it.connection.addEventListener('message', ({ data }) => {
    heard += data.byteLength
  })
  it.far.write('everything')
  await until(() => got.bytes().length === 10)
  expect(heard).toBe(10)
  expect(got.how).toEqual({ event: 1, direct: 0 })
})

test('what is sent while the socket is full comes behind what was sent before', async () => {
  await using it = await pair()
  const sent = Array.from({ length: 60 }, (_, at) => Buffer.alloc(100_000, at))
  for (const piece of sent) it.connection.send(piece)
  expect(it.connection.writeBufferLength).toBeGreaterThan(0)
  let bytes = 0
  let isRight = true
  it.far.on('data', (part: Buffer) => {
    for (const byte of part) isRight &&= byte === Math.floor(bytes++ / 100_000)
  })
  await until(() => bytes === 6_000_000)
  expect(isRight).toBe(true)
})
