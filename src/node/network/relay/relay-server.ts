import { type CircuitRelayService, circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { Connection, Stream } from '@libp2p/interface'
import { paceCircuit } from './circuit-pace.ts'
import { boundRequest } from './circuit-request.ts'
import { CIRCUIT_BYTES, CIRCUIT_MS, MAX_RESERVATIONS, RESERVATION_MS } from './limits.ts'
import { RelayRules } from './relay-rules.ts'

type Components = Parameters<ReturnType<typeof circuitRelayServer>>[0]
interface Connecting {
  readonly stream: { unwrap(): Stream }
}
/** The steps of libp2p's relay that it does not export. */
interface Steps {
  onHop(stream: Stream, connection: Connection): Promise<void>
  /** Has a stream to the target opened, and joins it with the one that the request came on once that is unwrapped. */
  handleConnect(request: Connecting, options: object): Promise<void>
  stopHop(...args: readonly unknown[]): Promise<Stream | undefined>
}

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
    boundCircuits(relay as unknown as Steps)
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

/** Bounds what a relay keeps of requests, and of circuits of which one end does not read. */
function boundCircuits(relay: Steps): void {
  const releases = new WeakMap<Stream, () => void>()
  const { onHop, handleConnect } = relay
  relay.onHop = (stream, connection) => {
    releases.set(stream, boundRequest(stream))
    return onHop.call(relay, stream, connection)
  }
  relay.handleConnect = async (request, options) => {
    let target: Stream | undefined
    const unwrap = () => {
      const source = request.stream.unwrap()
      releases.get(source)?.()
      if (target !== undefined) paceCircuit(source, target)
      return source
    }
    const stopHop: Steps['stopHop'] = async (...args) => {
      target = await relay.stopHop(...args)
      return target
    }
    const noting: Steps = Object.assign(Object.create(relay) as Steps, { stopHop })
    await handleConnect.call(noting, { ...request, stream: { ...request.stream, unwrap } }, options)
  }
}
