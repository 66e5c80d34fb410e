import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import type { Libp2pOptions } from 'libp2p'
import type { RelayClient } from './relay/relay-client.ts'

/** TCP, WebSocket for ways through which nothing but HTTP comes, and circuits over relays. */
export function transportsOf(relays: RelayClient): NonNullable<Libp2pOptions['transports']> {
  return [tcp(), webSockets(), relays.transport]
}
