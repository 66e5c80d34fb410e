import { once } from 'node:events'
import { connect } from 'node:net'
import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { AddressLimits } from '../../../src/node/network/address-limits.ts'
import { boundedWebSockets } from '../../../src/node/network/bounded-websockets.ts'
import { MAX_WAIT_MS } from '../../../src/node/network/inbound-door.ts'
import { MAX_CLOSE_MS, MAX_WEBSOCKET_MESSAGE_BYTES } from '../../../src/node/network/websocket-line.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const components = { logger: { forComponent: () => log }, events: new EventTarget() }

/** A listener, and the connections that came as far as their handshake. */
async function listening(limits?: AddressLimits) {
  const clock = new HandClock()
  const came: MultiaddrConnection[] = []
  const upgrader = { upgradeInbound: async (connection: MultiaddrConnection) => void came.push(connection) }
  const transport = boundedWebSockets(limits, clock)(components as never)
  const listener = transport.createListener({ upgrader: upgrader as unknown as Upgrader })
  await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0/ws'))
  const port = Number(/\/tcp\/(\d+)/.exec(listener.getAddrs()[0]!.toString())![1])
  return { clock, came, port, [Symbol.asyncDispose]: () => listener.close() }
}

const knock = async (port: number) => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A socket that became a WebSocket, and then does as it likes. */
async function upgraded(port: number) {
  const socket = await knock(port)
  const key = `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`
  const upgrade = ['GET / HTTP/1.1', 'Host: here', 'Upgrade: websocket', 'Connection: Upgrade', key]
  socket.write([...upgrade, 'Sec-WebSocket-Version: 13', '', ''].join('\r\n'))
  await once(socket, 'data')
  return socket
}

test('a socket that says nothing is closed after a while, and one that became a WebSocket is not', async () => {
  await using line = await listening()
  const spoken = new WebSocket(`ws://127.0.0.1:${line.port}`)
  await once(spoken, 'open')
  const silent = await knock(line.port)
  await vi.waitFor(() => expect(line.clock.timers).toBe(2))
  line.clock.pass(MAX_WAIT_MS)
  await once(silent, 'close')
  let heard = 0
  line.came[0]!.addEventListener('message', ({ data }) => {
    heard += data.byteLength
  })
  spoken.send(new Uint8Array(100))
  await vi.waitFor(() => expect(heard).toBe(100))
  spoken.close()
})

test('no more come from one address than may, those that say nothing counted, until one goes', async () => {
  const one = { perAddress: 1, perRange: 9, siteOf: () => 'site', rangeOf: () => null }
  await using line = await listening(new AddressLimits(one))
  const first = await knock(line.port)
  const second = await knock(line.port)
  await once(second, 'close')
  first.destroy()
  await vi.waitFor(async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${line.port}`)
    await Promise.race([once(socket, 'open'), once(socket, 'error').then(() => Promise.reject(new Error('refused')))])
    socket.close()
  })
})

test('a message longer than any is not gathered: its sender is cut off', async () => {
  await using line = await listening()
  const allowed = new WebSocket(`ws://127.0.0.1:${line.port}`)
  await once(allowed, 'open')
  let heard = 0
  await vi.waitFor(() => expect(line.came).toHaveLength(1))
  line.came[0]!.addEventListener('message', ({ data }) => {
    heard += data.byteLength
  })
  allowed.send(new Uint8Array(MAX_WEBSOCKET_MESSAGE_BYTES))
  await vi.waitFor(() => expect(heard).toBe(MAX_WEBSOCKET_MESSAGE_BYTES))
  const closed = once(allowed, 'close')
  allowed.send(new Uint8Array(MAX_WEBSOCKET_MESSAGE_BYTES + 1))
  await closed
  expect(heard).toBe(MAX_WEBSOCKET_MESSAGE_BYTES)
})

test('a connection that is aborted ends at the peer too, whichever side dialled', async () => {
  await using line = await listening()
  const transport = boundedWebSockets(undefined)(components as never)
  const { signal } = new AbortController()
  const upgrader = { upgradeOutbound: async (connection: MultiaddrConnection) => connection } as unknown as Upgrader
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${line.port}/ws`)
  for (const aborts of ['dialler', 'listener'] as const) {
    const dialled = (await transport.dial(address, { upgrader, signal })) as unknown as MultiaddrConnection
    await vi.waitFor(() => expect(line.came).toHaveLength(1))
    const accepted = line.came.pop()!
    const [here, there] = aborts === 'dialler' ? [dialled, accepted] : [accepted, dialled]
    const ended = once(there, 'close')
    here.abort(new Error('it is enough'))
    await ended
    expect(there.status).not.toBe('open')
  }
})

test('who does not answer a close is cut off after a while', async () => {
  await using line = await listening()
  const socket = await upgraded(line.port)
  await vi.waitFor(() => expect(line.came).toHaveLength(1))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    await line.came[0]!.close()
    const closed = once(socket.resume(), 'close')
    vi.advanceTimersByTime(MAX_CLOSE_MS)
    await closed
  } finally {
    vi.useRealTimers()
  }
})

test('a frame that is none cuts its sender off, and ends nothing else', async () => {
  await using line = await listening()
  const socket = await upgraded(line.port)
  const closed = once(socket, 'close')
  socket.resume().write(Uint8Array.of(0xff, 0x00)) // reserved bits, and not masked
  await closed
  await vi.waitFor(() => expect(line.came.map(({ status }) => status)).not.toContain('open'))
})
