import type { EventEmitter } from 'node:events'
import { isIP, type Server, type Socket } from 'node:net'
import type { Listener, Transport, Upgrader } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { type Clock, systemClock } from '../../federation/index.ts'
import type { AddressLimits } from './address-limits.ts'
import { MAX_WAIT_MS } from './inbound-door.ts'

/** Longest WebSocket message, bytes, which is gathered before it is handed on: a noise message and its length have 65,537. */
export const MAX_WEBSOCKET_MESSAGE_BYTES = 1 << 17

/** What the WebSocket listener of libp2p has beyond its interface. */
interface WebSocketListener extends Listener {
  readonly server: Server
  readonly wsServer: { readonly options: { maxPayload: number } }
  onWsServerConnection(line: Line, request: unknown): void
}
/** How a connection of `@libp2p/utils` has its transport stop and go on reading. */
interface Pauses {
  sendPause(): void
  sendResume(): void
}
type Line = EventEmitter & { terminate(): void; pause(): void; resume(): void }

/**
 * WebSockets whose listener keeps no socket that says nothing, nor more of one address than may come, counted from the first packet,
 * nor a message of any length, and whose connections can wait unread: libp2p's waits for the first byte for ever, takes messages of
 * 100 MiB, reads on while it is paused, and does not hear of a frame that is none, which then ends the process.
 */
export function boundedWebSockets(
  limits: AddressLimits | undefined,
  clock: Clock = systemClock,
): (components: WebSocketsComponents) => Transport {
  const make = webSockets()
  return components => {
    const transport = make(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = ({ upgrader, ...options }) => {
      /** Whose connection the listener makes in this very turn. */
      let current: Line | null = null
      const listener = createListener({ ...options, upgrader: pausable(upgrader, () => current) }) as WebSocketListener
      listener.wsServer.options.maxPayload = MAX_WEBSOCKET_MESSAGE_BYTES
      const begin = listener.onWsServerConnection.bind(listener)
      listener.onWsServerConnection = (line, request) => {
        line.on('error', () => line.terminate())
        current = line
        begin(line, request)
        current = null
      }
      listener.server.prependListener('connection', socket => keepBounded(socket, limits, clock))
      return listener
    }
    return transport
  }
}

/** An upgrader to which the connection over the line of this very turn comes as one that can be paused. */
function pausable(upgrader: Upgrader, lineNow: () => Line | null): Upgrader {
  const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
    const line = lineNow()
    const pauses: Pauses = { sendPause: () => line?.pause(), sendResume: () => line?.resume() }
    Object.assign(connection, pauses)
    try {
      await upgrader.upgradeInbound(connection, options)
    } catch (error) {
      line?.terminate() // a close waits for the peer's, and reads until then
      throw error
    }
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound })
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
