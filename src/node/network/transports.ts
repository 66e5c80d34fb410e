import { webSockets } from '@libp2p/websockets'
import type { Libp2pOptions } from 'libp2p'
import { type Guard, guarded } from './guarded-listener.ts'
import { joiningTcp } from './joined-writes.ts'
import type { RelayClient } from './relay/relay-client.ts'

/** TCP, WebSocket for ways through which nothing but HTTP comes, and circuits over relays. */
export function transportsOf(relays: RelayClient, guard: Guard): NonNullable<Libp2pOptions['transports']> {
  return [guarded(joiningTcp({ pauseOnConnect: true }), guard), guarded(webSockets(), guard), relays.transport]
}
