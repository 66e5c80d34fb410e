import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { boundedWebSockets } from '../../../src/node/network/bounded-websockets.ts'
import { MAX_WEBSOCKET_MESSAGE_BYTES, uriOf } from '../../../src/node/network/websocket-line.ts'

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const components = { logger: { forComponent: () => log }, events: new EventTarget() }
const { signal } = new AbortController()

/** A server that becomes a WebSocket and then speaks as it likes, and a connection dialled to it. */
async function dialled(speak: (socket: Socket) => void) {
  const server = createServer().on('upgrade', ({ headers }, socket) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}`
    const upgrade = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', accept]
    socket.cork() // what is said at once comes in one packet with the upgrade
    socket.on('error', () => {}).write([...upgrade, '', ''].join('\r\n'))
    speak(socket as Socket)
    socket.uncork()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const transport = boundedWebSockets(undefined)(components as never)
  const upgrader = { upgradeOutbound: async (connection: MultiaddrConnection) => connection } as unknown as Upgrader
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/ws`)
  const connection = (await transport.dial(address, { upgrader, signal })) as unknown as MultiaddrConnection
  return {
    connection,
    [Symbol.asyncDispose]: async () => {
      connection.abort(new Error('the test is over'))
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The head of a message of a server. */
function head(bytes: number): Buffer {
  const made = Buffer.alloc(10)
  made[0] = 0x82
  made[1] = 127
  made.writeBigUInt64BE(BigInt(bytes), 2)
  return made
}

test('a server that was dialled and names a message longer than any is cut off before it comes', async () => {
  await using it = await dialled(socket => void socket.write(head(MAX_WEBSOCKET_MESSAGE_BYTES + 1)))
  await expect.poll(() => it.connection.status).not.toBe('open')
})

test.each([
  ['with its answer', MAX_WEBSOCKET_MESSAGE_BYTES, (send: () => void) => send()],
  ['with its answer, in few bytes', 200, (send: () => void) => send()],
  ['later', MAX_WEBSOCKET_MESSAGE_BYTES, setImmediate],
])('what a dialled server sends %s arrives, the longest message in one', async (_, bytes, when) => {
  const message = Buffer.alloc(bytes, 7)
  await using it = await dialled(
    socket => void when(() => void socket.write(Buffer.concat([head(message.length), message]))),
  )
  const [{ data }] = (await once(it.connection, 'message')) as unknown as [{ data: { subarray(): Uint8Array } }]
  expect(message.equals(data.subarray())).toBe(true)
})

test.each([
  ['/ip4/192.0.2.1/tcp/80/ws', 'ws://192.0.2.1:80'],
  ['/ip6/2001:db8::1/tcp/4001/ws', 'ws://[2001:db8::1]:4001'],
  ['/dns4/node.example/tcp/443/tls/ws', 'wss://node.example:443'],
  ['/dns6/node.example/tcp/443/wss', 'wss://node.example:443'],
  ['/ip4/192.0.2.1/tcp/4001/tls/sni/node.example/ws/http-path/a%2Fb', 'wss://node.example:4001/a/b'],
])('%s is dialled as %s', (address, uri) => {
  expect(uriOf(multiaddr(address))).toBe(uri)
})
