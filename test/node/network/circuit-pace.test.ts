import { setImmediate as nextTurn } from 'node:timers/promises'
import { RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Libp2p, Stream } from '@libp2p/interface'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { expect, test } from 'vitest'
import { joiningTcp } from '../../../src/node/network/joined-writes.ts'
import { joiningNoise } from '../../../src/node/network/joining-noise.ts'
import { joiningYamux } from '../../../src/node/network/joining-yamux.ts'
import { MAX_CIRCUIT_REQUEST_BYTES, MAX_CIRCUIT_WAITING_BYTES } from '../../../src/node/network/relay/limits.ts'
import { relayServer } from '../../../src/node/network/relay/relay-server.ts'

const MIB = 1 << 20
const LARGEST_WINDOW_BYTES = 2 * MIB
/** Messages of the protocol (circuit relay v2): RESERVE, and STATUS with code OK. */
const [RESERVE, OK] = [Uint8Array.of(2, 8, 0), Uint8Array.of(4, 8, 1, 32, 100)]

const start = (options: Libp2pOptions): Promise<Libp2p> =>
  createLibp2p({
    transports: [joiningTcp()],
    connectionEncrypters: [joiningNoise()],
    streamMuxers: [joiningYamux()],
    connectionMonitor: { enabled: false },
    ...options,
  })

/** A stream, once an answer came on it. */
async function answered(stream: Stream, request: Uint8Array): Promise<Stream> {
  const answer = new Promise((resolve, reject) => {
    stream.addEventListener('message', resolve, { once: true })
    stream.addEventListener('close', () => reject(new Error('no answer')), { once: true })
  })
  stream.send(request)
  await answer
  return stream
}

/** A relay, a peer that has a place there, and one that came to be connected with it. */
async function relayed() {
  const { service, gater } = relayServer()
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const relay = await start({ addresses: { listen }, services: { relay: service as never }, connectionGater: gater })
  const [target, source] = [await start({}), await start({})]
  const circuits: Stream[] = []
  const accept = (stream: Stream) => {
    stream.addEventListener(
      'message',
      () => {
        stream.send(OK)
        circuits.push(stream)
      },
      { once: true },
    )
  }
  await target.handle(RELAY_V2_STOP_CODEC, accept)
  const [toTarget, toSource] = [await target.dial(relay.getMultiaddrs()), await source.dial(relay.getMultiaddrs())]
  await answered(await toTarget.newStream(RELAY_V2_HOP_CODEC), RESERVE)
  const id = target.peerId.toMultihash().bytes
  const connect = [8, 1, 18, id.length + 2, 10, id.length, ...id]
  return {
    hop: () => toSource.newStream(RELAY_V2_HOP_CODEC),
    connect: Uint8Array.of(connect.length, ...connect),
    circuits,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([relay, target, source].map(node => node.stop()))
    },
  }
}

const received = (stream: Stream) => {
  let bytes = 0
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength
  })
  return () => bytes
}

test.each([
  ['the side that opened the circuit', false],
  ['the side that was reached', true],
])('data of %s that the other does not read waits at its sender, and arrives once it is read', async (_, isBack) => {
  await using it = await relayed()
  const near = await answered(await it.hop(), it.connect)
  const far = it.circuits[0]!
  const [from, to] = isBack ? [far, near] : [near, far]
  to.pause()
  const bytes = 24 * MIB
  for (let sent = 0; sent < bytes; sent += MIB) from.send(Buffer.alloc(MIB))
  for (let turn = 0; turn < 3_000; turn++) await nextTurn()
  // What is read of it by nobody: windows to and from the relay, and what it keeps.
  expect(bytes - from.writeBufferLength).toBeLessThan(3 * LARGEST_WINDOW_BYTES + MAX_CIRCUIT_WAITING_BYTES)
  const arrived = received(to)
  to.resume()
  await expect.poll(arrived).toBe(bytes)
})

test('what goes both ways at once arrives', async () => {
  await using it = await relayed()
  const near = await answered(await it.hop(), it.connect)
  const far = it.circuits[0]!
  const arrived = [near, far].map(received)
  for (let i = 0; i < 12; i++) for (const stream of [near, far]) stream.send(Buffer.alloc(MIB, i))
  await expect.poll(() => arrived.map(bytes => bytes())).toEqual([12 * MIB, 12 * MIB])
})

test('a request that is longer than any ends its stream', async () => {
  await using it = await relayed()
  const stream = await it.hop()
  stream.send(Buffer.concat([Uint8Array.of(0xff, 0xff, 0x7f), Buffer.alloc(MAX_CIRCUIT_REQUEST_BYTES)]))
  await expect.poll(() => stream.status).toBe('reset')
})
