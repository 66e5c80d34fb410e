import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { joiningTcp } from '../../../src/node/network/joined-writes.ts'

/** The upgrader of libp2p as far as the transport asks it: it hands over the connection as it is. */
const bare = { upgradeOutbound: async (connection: MultiaddrConnection) => connection } as unknown as Upgrader

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const components = { logger: { forComponent: () => log } }

/** A connection that this transport dialled, and the bare socket at its other end. */
async function dialledPair() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const transport = joiningTcp()(components)
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`)
  const { signal } = new AbortController()
  const connection = (await transport.dial(address, { upgrader: bare, signal })) as unknown as MultiaddrConnection
  const [socket] = await accepted
  return { server, connection, socket }
}

test('what is sent in one turn arrives in one piece, in order, and what is sent later in another', async () => {
  const { server, connection, socket } = await dialledPair()

  for (const piece of [[1, 2], [3], [4, 5]]) connection.send(Uint8Array.from(piece))
  connection.send(Uint8Array.of(6))
  expect([...((await once(socket, 'data')) as [Uint8Array])[0]]).toEqual([1, 2, 3, 4, 5, 6])
  connection.send(Uint8Array.of(7))
  expect([...((await once(socket, 'data')) as [Uint8Array])[0]]).toEqual([7])

  socket.destroy()
  connection.abort(new Error('done'))
  server.close()
})

test('everything that was sent arrives although the connection is closed in the same turn', async () => {
  const { server, connection, socket } = await dialledPair()
  let bytes = 0
  socket.on('data', chunk => {
    bytes += chunk.length
  })

  for (let at = 0; at < 8; at++) connection.send(new Uint8Array(200_000))
  const ended = once(socket, 'end')
  await connection.close()
  await ended
  expect(bytes).toBe(1_600_000)
  server.close()
})
