import type { Socket } from 'node:net'
import { nextTick } from 'node:process'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { type TCPComponents, tcp } from '@libp2p/tcp'
import { direct, type Pieces } from './direct-stream.ts'
import { sharedReads } from './shared-reads.ts'

/** Bytes that may wait in a socket before what is above it waits: some encrypted messages, which one call then writes. */
const SOCKET_BUFFER_BYTES = 256 << 10

/** What a connection of the TCP transport has beyond its interface. */
interface SocketConnection {
  readonly socket: Socket
  sendData(pieces: Pieces): { sentBytes: number; canSendMore: boolean }
}

/**
 * TCP whose pieces of one turn of the event loop leave in one write. libp2p writes the length, the header, the body and the tag of
 * each encrypted message by themselves and without delay: four calls and packets, and as many wake-ups of the other side. With
 * `pauseOnConnect`, nothing is read of a connection that comes in before it is resumed.
 */
export function joiningTcp({ pauseOnConnect = false } = {}): (components: TCPComponents) => Transport {
  const sockets: object = { highWaterMark: SOCKET_BUFFER_BYTES } // libp2p hands all options on to node:net
  const dialled: object = { ...sockets, onread: sharedReads }
  const make = tcp({ dialOpts: dialled, listenOpts: { ...sockets, pauseOnConnect } as object })
  return components => {
    const transport = make(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: joining(options.upgrader) })
    transport.createListener = options => createListener({ ...options, upgrader: joining(options.upgrader) })
    return transport
  }
}

/** The same upgrader, which gets connections that join what they write. */
function joining(upgrader: Upgrader): Upgrader {
  const { upgradeInbound, upgradeOutbound } = upgrader
  return Object.create(upgrader, {
    upgradeInbound: {
      value: (...[c, ...rest]: Parameters<Upgrader['upgradeInbound']>) =>
        upgradeInbound.call(upgrader, joinWrites(c), ...rest),
    },
    upgradeOutbound: {
      value: (...[c, ...rest]: Parameters<Upgrader['upgradeOutbound']>) =>
        upgradeOutbound.call(upgrader, joinWrites(c), ...rest),
    },
  }) as Upgrader
}

function joinWrites(connection: MultiaddrConnection): MultiaddrConnection {
  const inner = connection as unknown as SocketConnection
  const { socket } = inner
  let isJoining = false
  inner.sendData = pieces => {
    if (!isJoining) {
      isJoining = true
      socket.cork()
      nextTick(() => {
        isJoining = false
        socket.uncork()
      })
    }
    let canSendMore = true
    for (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) canSendMore = socket.write(piece)
    return { sentBytes: pieces.byteLength, canSendMore }
  }
  return direct(connection, () => Number.POSITIVE_INFINITY)
}
