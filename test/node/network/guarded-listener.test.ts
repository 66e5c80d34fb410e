import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { type Guard, MAX_HANDSHAKE_BYTES } from '../../../src/node/network/guarded-listener.ts'
import { InboundDoor, MAX_HANDSHAKES_PER_ADDRESS } from '../../../src/node/network/inbound-door.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import { transportsOf } from '../../../src/node/network/transports.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

type Made = (components: unknown) => Transport
const SENT = new Uint8Array(4 << 20)
const { signal } = new AbortController()
const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const components = { logger: { forComponent: () => log }, events: new EventTarget() }

/** A listener and the sockets that it took in; `upgradeInbound` stands for the handshake. */
async function listening(made: Made, address: string, upgradeInbound: Upgrader['upgradeInbound']) {
  const taken: Socket[] = []
  const note = (message: unknown) => void taken.push((message as { socket: Socket }).socket)
  subscribe('net.server.socket', note)
  const upgrader = { upgradeInbound } as Upgrader
  const listener = made(components).createListener({ upgrader })
  await listener.listen(multiaddr(address))
  const port = Number(/\/tcp\/(\d+)/.exec(listener.getAddrs()[0]!.toString())![1])
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  const close = async () => {
    unsubscribe('net.server.socket', note)
    socket.destroy()
    await listener.close()
  }
  return { socket, taken, [Symbol.asyncDispose]: close }
}

const tcpOf = (guard: Guard) => transportsOf(new RelayClient(), guard)[0] as unknown as Made
const webSocketsOf = (guard: Guard) => transportsOf(new RelayClient(), guard)[1] as unknown as Made
const TCP = '/ip4/127.0.0.1/tcp/0'

/** Once the first bytes lie at the listener, and it had turns enough to read them. */
async function arrived(socket: Socket): Promise<void> {
  await new Promise(resolve => socket.write(SENT.subarray(0, 1_000), resolve))
  socket.write(SENT)
  for (let i = 0; i < 50; i++) await nextTurn()
}

test('of a connection that waits nothing is read; when it is let in, all is', async () => {
  const door = new InboundDoor(new HandClock())
  const places = Array.from({ length: MAX_HANDSHAKES_PER_ADDRESS }, () => door.enter('127.0.0.1', signal))
  let read = 0
  await using line = await listening(tcpOf({ door }), TCP, async connection => {
    connection.addEventListener('message', ({ data }) => {
      read += data.byteLength
    })
  })
  await vi.waitFor(() => expect(door.sizes.waiting).toBe(1))
  await arrived(line.socket)
  expect(line.taken.map(({ bytesRead }) => bytesRead)).toEqual([0])
  const leave = await places[0]
  leave!('done')
  await vi.waitFor(() => expect(read).toBe(1_000 + SENT.length))
})

test('a handshake into which too much is poured ends, and what came is not kept', async () => {
  const door = new InboundDoor(new HandClock())
  const begun = Promise.withResolvers<MultiaddrConnection>()
  await using line = await listening(tcpOf({ door }), TCP, async connection => {
    begun.resolve(connection)
    await once(connection, 'close')
    throw new Error('the handshake failed')
  })
  const connection = await begun.promise
  const closed = new Promise(resolve => line.socket.on('close', resolve))
  line.socket.write(SENT)
  await closed
  expect(connection.status).toBe('aborted')
  expect(connection.readBufferLength).toBe(0)
  expect(line.taken[0]!.bytesRead).toBeLessThan(4 * MAX_HANDSHAKE_BYTES)
})

test('nor of one that libp2p itself refuses, until it is closed', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  await using line = await listening(tcpOf({ door }), TCP, async () => {
    throw Object.assign(new Error('denied'), { name: 'ConnectionDeniedError' })
  })
  await vi.waitFor(() => expect(door.sizes).toEqual({ handshakes: 0, waiting: 1 }))
  await arrived(line.socket)
  expect(line.taken.map(({ bytesRead, destroyed }) => ({ bytesRead, destroyed }))).toEqual([
    { bytesRead: 0, destroyed: false },
  ])
  clock.pass(60_000)
  await vi.waitFor(() => expect(line.taken[0]!.destroyed).toBe(true))
})

test('of a WebSocket that waits next to nothing is read, and of one that is refused no more', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  for (let i = 0; i < MAX_HANDSHAKES_PER_ADDRESS; i++) void door.enter('127.0.0.1', signal)
  await using line = await listening(webSocketsOf({ door }), `${TCP}/ws`, async () => {})
  const { socket, taken } = line
  const key = Buffer.alloc(16).toString('base64')
  const upgrade = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ]
  socket.write(['GET / HTTP/1.1', 'Host: here', ...upgrade, '', ''].join('\r\n'))
  await once(socket, 'data')
  await vi.waitFor(() => expect(door.sizes.waiting).toBe(1))
  const header = Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]) // 65,535 bytes, binary, masked with zeros
  for (let i = 0; i < 64; i++) for (const piece of [header, SENT.subarray(0, 65_535)]) socket.write(piece)
  for (let i = 0; i < 50; i++) await nextTurn()
  expect(taken[0]!.bytesRead).toBeLessThan(100_000)
  clock.pass(60_000)
  await vi.waitFor(() => expect(taken[0]!.destroyed).toBe(true))
  expect(taken[0]!.bytesRead).toBeLessThan(100_000)
})
