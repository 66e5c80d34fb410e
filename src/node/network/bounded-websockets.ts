import { isIP, type Server, type Socket } from 'node:net'
import type { Listener, MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Clock, systemClock } from '../../federation/index.ts'
import type { AddressLimits } from './address-limits.ts'
import { MAX_WAIT_MS } from './inbound-door.ts'
import {
  dialledLine,
  MAX_CLOSE_MS,
  MAX_WEBSOCKET_MESSAGE_BYTES,
  type WebSocketLine,
  type WebSocketLineClass,
} from './websocket-line.ts'

/** What the WebSocket listener of libp2p has beyond its interface. */
interface WebSocketListener extends Listener {
  readonly server: Server
  readonly wsServer: {
    readonly options: { maxPayload: number; closeTimeout: number; readonly WebSocket: WebSocketLineClass }
  }
  onWsServerConnection(line: WebSocketLine, request: unknown): void
}
/** And what its transport has. */
interface Dialling {
  _connect(address: Multiaddr, options: { readonly signal?: AbortSignal }): Promise<WebSocketLine>
}
/**
 * WebSockets whose listener keeps no socket that says nothing, nor more of one address than may come, counted from the first packet,
 * which take no message of any length, whose connections can wait unread, and end when they are aborted: libp2p's waits for the first
 * byte for ever, takes messages of 100 MiB, reads on while it is paused and after an abort, of which it tells the peer nothing, and does
 * not hear of a frame that is none, which then ends the process.
 */
export function boundedWebSockets(
  limits: AddressLimits | undefined,
  clock: Clock = systemClock,
): (components: WebSocketsComponents) => Transport {
  const make = webSockets()
  return components => {
    const transport = make(components)
    const [createListener, dial] = [transport.createListener.bind(transport), transport.dial.bind(transport)]
    transport.createListener = ({ upgrader, ...options }) => {
      const listener = createListener({ ...options, upgrader: mendingInbound(upgrader) }) as WebSocketListener
      Object.assign(listener.wsServer.options, { maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES, closeTimeout: MAX_CLOSE_MS })
      const begin = listener.onWsServerConnection.bind(listener)
      listener.onWsServerConnection = (line, request) => {
        line.on('error', () => line.terminate())
        begin(line, request)
      }
      listener.server.prependListener('connection', socket => keepBounded(socket, limits, clock))
      return listener
    }
    transport.dial = (address, { upgrader, ...options }) =>
      dial(address, { ...options, upgrader: mendingOutbound(upgrader) })
    const dialling = transport as unknown as Dialling
    dialling._connect = (address, { signal }) => dialledLine(lineClassOf(createListener), address, signal)
    return transport
  }
}

/** The class of the WebSockets that a listener takes in. */
function lineClassOf(createListener: Transport['createListener']): WebSocketLineClass {
  const listener = createListener({ upgrader: {} as Upgrader }) as WebSocketListener
  return listener.wsServer.options.WebSocket
}

/** An upgrader to which connections come as such that can be paused and aborted. */
function mendingInbound(upgrader: Upgrader): Upgrader {
  const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
    const line = mended(connection)
    try {
      await upgrader.upgradeInbound(connection, options)
    } catch (error) {
      line.terminate() // a close waits for the peer's, and reads until then
      throw error
    }
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound })
}

function mendingOutbound(upgrader: Upgrader): Upgrader {
  const upgradeOutbound: Upgrader['upgradeOutbound'] = (connection, options) => {
    mended(connection).resume()
    return upgrader.upgradeOutbound(connection, options)
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeOutbound })
}

/** Has a connection of `@libp2p/utils` stop and go on reading, and end at once. */
function mended(connection: MultiaddrConnection): WebSocketLine {
  const line = (connection as unknown as { readonly websocket: WebSocketLine }).websocket
  const sendPause = () => line.pause()
  const sendResume = () => line.resume()
  const sendReset = () => line.terminate()
  Object.assign(connection, { sendPause, sendResume, sendReset })
  return line
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
