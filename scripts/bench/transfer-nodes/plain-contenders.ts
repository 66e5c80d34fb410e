import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'
import type { Network } from '../../../src/node/network/network.ts'
import type { Contender } from './contender.ts'
import type { Piece } from './corpus.ts'
import { RAW_PROTOCOL } from './protocols.ts'
import type { Server } from './server.ts'

/** Sockets that HTTP may use when many are asked for at once: what npm opens to a registry. */
const HTTP_SOCKETS = 15

/** A kept TCP connection, one number up for each artifact down. */
export async function rawTcp({ tcp }: Server): Promise<Contender> {
  const socket = connect(tcp, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  const counter = countingWire(bytes => socket.write(bytes))
  socket.on('data', chunk => counter.take(chunk.length))
  return { name: 'raw TCP', ...counter, [Symbol.asyncDispose]: async () => void socket.destroy() }
}

/** The same over one kept libp2p stream: noise and yamux, nothing hashed. */
export async function rawNoise(libp2p: Network, { peers: [server] }: Server): Promise<Contender> {
  const addresses = server?.addresses.map(each => multiaddr(each)) ?? []
  const stream = duplexOfStream(await libp2p.dialProtocol(addresses, RAW_PROTOCOL))
  const counter = countingWire(bytes => void stream.send(bytes))
  stream.onData(chunk => counter.take(chunk.byteLength))
  return { name: 'raw noise stream', ...counter, [Symbol.asyncDispose]: () => stream.close() }
}

/** node:http with keep-alive: one connection for one after the other, fifteen for many at once. */
export function http({ http: port }: Server): Contender {
  const one = new Agent({ keepAlive: true, maxSockets: 1 })
  const many = new Agent({ keepAlive: true, maxSockets: HTTP_SOCKETS })
  const load = (agent: Agent, { index, bytes }: Piece) =>
    new Promise<void>((resolve, reject) => {
      get({ agent, host: '127.0.0.1', port, path: `/${index}` }, response => {
        let got = 0
        response.on('data', (chunk: Uint8Array) => {
          got += chunk.byteLength
        })
        response.on('end', () => (got === bytes.length ? resolve() : reject(new Error('HTTP ended early'))))
      }).on('error', reject)
    })
  return {
    name: 'HTTP keep-alive',
    fetch: piece => load(one, piece),
    fetchAll: async pieces => {
      await Promise.all(pieces.map(piece => load(many, piece)))
    },
    [Symbol.asyncDispose]: async () => {
      one.destroy()
      many.destroy()
    },
  }
}

/** Counts the bytes of answers that come one after the other. */
function countingWire(send: (request: Uint8Array) => void) {
  let wanted = 0
  let done = () => {}
  const ask = (pieces: readonly Piece[]) =>
    new Promise<void>(resolve => {
      wanted = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
      done = resolve
      const numbers = Buffer.alloc(4 * pieces.length)
      for (const [at, { index }] of pieces.entries()) numbers.writeUInt32BE(index, 4 * at)
      send(numbers)
    })
  return {
    fetch: (piece: Piece) => ask([piece]),
    fetchAll: ask,
    take(bytes: number) {
      wanted -= bytes
      if (wanted === 0) done()
    },
  }
}
