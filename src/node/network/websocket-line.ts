import { type EventEmitter, once } from 'node:events'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Longest WebSocket message, bytes, which is gathered before it is handed on: a noise message and its length have 65,537, and some join three. */
export const MAX_WEBSOCKET_MESSAGE_BYTES = 1 << 18
/** Time that a peer has to answer a close, ms: what it sends until then is read for nothing. */
export const MAX_CLOSE_MS = 3_000

/** A WebSocket of the `ws` package, which libp2p listens with. */
export interface WebSocketLine extends EventEmitter {
  binaryType: string
  terminate(): void
  pause(): void
  resume(): void
}
export type WebSocketLineClass = new (uri: string, protocols: readonly string[], options: object) => WebSocketLine

/**
 * Dials a WebSocket as bounded as those that come in. Node's own, which libp2p dials with, gathers messages of 128 MiB, and queues an
 * answer for each ping of a server that reads none. It is paused: what comes with the server's answer waits for who is to read it.
 */
export async function dialledLine(
  Line: WebSocketLineClass,
  address: Multiaddr,
  signal: AbortSignal | undefined,
): Promise<WebSocketLine> {
  signal?.throwIfAborted()
  const bounds = { maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES, closeTimeout: MAX_CLOSE_MS, perMessageDeflate: false }
  const line = new Line(uriOf(address), [], bounds)
  line.binaryType = 'arraybuffer'
  line.on('error', () => line.terminate())
  line.once('open', () => line.pause())
  try {
    await once(line, 'open', signal === undefined ? {} : { signal })
  } catch (error) {
    line.terminate()
    throw error
  }
  return line
}

/** The URI of a WebSocket address: `/ip6/…/tcp/80/ws`, `/dns4/…/tcp/443/tls/ws`, `/dns4/…/tcp/443/wss`. */
export function uriOf(address: Multiaddr): string {
  const parts = address.getComponents()
  const partOf = (...names: string[]) => parts.find(({ name }) => names.includes(name))?.value
  const isSecure = parts.some(({ name }) => name === 'tls' || name === 'wss')
  const host = partOf('sni') ?? partOf('dns', 'dns4', 'dns6', 'ip4') ?? `[${partOf('ip6')}]`
  return `${isSecure ? 'wss' : 'ws'}://${host}:${partOf('tcp')}${decodeURIComponent(partOf('http-path') ?? '')}`
}
