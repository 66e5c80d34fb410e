import { type CircuitRelayService, circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { CIRCUIT_BYTES, CIRCUIT_MS, MAX_RESERVATIONS, RESERVATION_MS } from './limits.ts'
import { RelayRules } from './relay-rules.ts'

type Components = Parameters<ReturnType<typeof circuitRelayServer>>[0]

/** What makes a node a relay: the service, and what the connection gater asks. */
export function relayServer() {
  let rules: RelayRules | null = null
  const service = (components: Components): CircuitRelayService => {
    const relay = circuitRelayServer({
      reservations: {
        maxReservations: MAX_RESERVATIONS,
        reservationTtl: RESERVATION_MS,
        defaultDataLimit: CIRCUIT_BYTES,
        defaultDurationLimit: CIRCUIT_MS,
      },
      maxInboundHopStreams: 64,
      maxOutboundStopStreams: 128,
    })(components)
    rules = new RelayRules({
      connectionsOf: peer => components.connectionManager.getConnections(peer),
      reservations: () =>
        [...relay.reservations].map(([peer, { addr }]) => [peer.toString(), addr.toString()] as const),
      now: () => performance.now(),
    })
    return relay
  }
  const gater: Pick<RelayRules, 'denyInboundRelayReservation' | 'denyOutboundRelayedConnection'> = {
    denyInboundRelayReservation: source => rules?.denyInboundRelayReservation(source) ?? true,
    denyOutboundRelayedConnection: source => rules?.denyOutboundRelayedConnection(source) ?? true,
  }
  return { service, gater }
}
