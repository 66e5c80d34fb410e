import type { EventEmitter } from 'node:events'
import { isIP, type Server, type Socket } from 'node:net'
import type { Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { type Clock, systemClock } from '../../federation/index.ts'
import type { AddressLimits } from './address-limits.ts'
import { MAX_WAIT_MS } from './inbound-door.ts'

/** Longest WebSocket message, bytes, which is gathered before it is handed on: a noise message and its length have 65,537. */
export const MAX_WEBSOCKET_MESSAGE_BYTES = 1 << 20

/** What the WebSocket listener of libp2p has beyond its interface. */
interface WebSocketListener extends Listener {
  readonly server: Server
  readonly wsServer: { readonly options: { maxPayload: number } }
  onWsServerConnection(line: Line, request: unknown): void
}
type Line = EventEmitter & { terminate(): void }

/**
 * WebSockets whose listener keeps no socket that says nothing, nor more of one address than may come, counted from the first packet,
 * nor a message of any length: libp2p's waits for the first byte for ever, takes messages of 100 MiB, and does not hear of a frame that
 * is none, which then ends the process.
 */
export function boundedWebSockets(
  limits: AddressLimits | undefined,
  clock: Clock = systemClock,
): (components: WebSocketsComponents) => Transport {
  const make = webSockets()
  return components => {
    const transport = make(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options => {
      const listener = createListener(options) as WebSocketListener
      listener.wsServer.options.maxPayload = MAX_WEBSOCKET_MESSAGE_BYTES
      const begin = listener.onWsServerConnection.bind(listener)
      listener.onWsServerConnection = (line, request) => {
        line.on('error', () => line.terminate())
        begin(line, request)
      }
      listener.server.prependListener('connection', socket => keepBounded(socket, limits, clock))
      return listener
    }
    return transport
  }
}

function keepBounded(socket: Socket, limits: AddressLimits | undefined, clock: Clock): void {
  const uncount = limits === undefined ? () => {} : limits.enter(addressOf(socket))
  if (uncount === null) {
    socket.destroy()
    return
  }
  const cancelTimer = clock.after(MAX_WAIT_MS, () => {
    if (socket.bytesRead === 0) socket.destroy()
  })
  socket.once('close', () => {
    cancelTimer()
    uncount()
  })
}

function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  const host = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
  return `/ip${isIP(host) === 6 ? 6 : 4}/${host}/tcp/${remotePort}`
}
