import type { Libp2pOptions } from 'libp2p'
import { boundedWebSockets } from './bounded-websockets.ts'
import { type Guard, guarded } from './guarded-listener.ts'
import { joiningTcp } from './joined-writes.ts'
import type { RelayClient } from './relay/relay-client.ts'

/** TCP, WebSocket for ways through which nothing but HTTP comes, and circuits over relays. */
export function transportsOf(relays: RelayClient, guard: Guard): NonNullable<Libp2pOptions['transports']> {
  const { door, limits } = guard
  return [
    guarded(joiningTcp({ pauseOnConnect: true }), guard),
    guarded(boundedWebSockets(limits), { door }), // counts by itself
    relays.transport,
  ]
}
