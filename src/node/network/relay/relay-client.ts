import { circuitRelayTransport, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Connection, Listener, Stream, Transport } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerAddress } from '../../../federation/index.ts'
import type { PeerId } from '../../../protocol/index.ts'
import { boundRequest } from './circuit-request.ts'

type Components = Parameters<ReturnType<typeof circuitRelayTransport>>[0]
type StopHandler = (stream: Stream, connection: Connection) => void | Promise<void>

/** The parts of libp2p's transport that it does not export. */
interface Reservations extends EventTarget {
  hasReservation(peer: ReturnType<typeof peerIdFromString>): boolean
  addRelay(peer: ReturnType<typeof peerIdFromString>, type: 'configured'): Promise<unknown>
}

interface CircuitListener extends Listener {
  readonly _onRemoveRelayPeer: () => void
  readonly _onAddRelayPeer: () => void
}

/**
 * Circuits of others: this node reaches peers through relays, and is reached through those that it chose.
 * One for each libp2p node.
 */
export class RelayClient {
  /** How to take out the listener of each relay that gave a place; those that are lost go when another is asked. */
  readonly #listening = new Map<PeerId, () => void>()
  #components: Components | null = null
  #reservations: Reservations | null = null

  /** The transport, for libp2p's options. */
  readonly transport = (components: Components): Transport => {
    const transport = circuitRelayTransport()(withGuardedStop(components, peer => this.#listening.has(peer)))
    this.#components = components
    this.#reservations = (transport as unknown as { reservationStore: Reservations }).reservationStore
    return withRemovableListeners(transport, this.#reservations, (relay, takeOut) =>
      this.#listening.set(relay, takeOut),
    )
  }

  /** Whether this node is reached through that peer now. */
  isReserved(relay: PeerId): boolean {
    return this.#reservations?.hasReservation(peerIdFromString(relay)) === true
  }

  /** Asks a relay for a place, dialling it if needed. Rejects with what libp2p says when there is none. */
  async reserve({ peer, addresses }: PeerAddress, signal: AbortSignal): Promise<void> {
    const [components, reservations] = [this.#components, this.#reservations]
    if (components === null || reservations === null) throw new TypeError('the network is not started yet')
    this.#forgetLostBut(peer)
    const id = peerIdFromString(peer)
    const targets = addresses.map(address => multiaddr(address))
    await components.connectionManager.openConnection(targets.length > 0 ? targets : id, { signal })
    // libp2p's listener of a relay outlives its reservation, and closing one ends the reservations of all.
    if (this.#listening.has(peer)) await reservations.addRelay(id, 'configured')
    else await components.transportManager.listen([multiaddr(`/p2p/${peer}/p2p-circuit`)])
    if (!this.isReserved(peer)) throw new Error(`no reservation with ${peer}`)
  }

  #forgetLostBut(peer: PeerId): void {
    for (const [relay, takeOut] of this.#listening) {
      if (relay === peer || this.isReserved(relay)) continue
      this.#listening.delete(relay)
      takeOut()
    }
  }
}

/**
 * libp2p keeps the listener of a relay whatever becomes of it, and makes another for each try; to close one ends all reservations. One
 * that got no place is taken out at once, how to take out one that did is told.
 */
function withRemovableListeners(
  transport: Transport,
  reservations: Reservations,
  onPlace: (relay: PeerId, takeOut: () => void) => void,
): Transport {
  const create = transport.createListener.bind(transport)
  transport.createListener = options => {
    const listener = create(options) as CircuitListener
    const listen = listener.listen.bind(listener)
    listener.listen = async address => {
      const takeOut = () => {
        reservations.removeEventListener('relay:removed', listener._onRemoveRelayPeer)
        reservations.removeEventListener('relay:created-reservation', listener._onAddRelayPeer)
        listener.dispatchEvent(new CustomEvent('close'))
      }
      try {
        await listen(address)
      } catch (error) {
        takeOut()
        throw error
      }
      onPlace(address.toString().split('/')[2] as PeerId, takeOut)
    }
    return listener
  }
  return transport
}

/**
 * libp2p takes whoever opens a STOP stream for a relay and begins to listen, and to announce itself, through it: here that is for
 * relays alone that gave this node a place.
 */
function withGuardedStop(components: Components, isRelay: (peer: PeerId) => boolean): Components {
  const guard =
    (handler: StopHandler): StopHandler =>
    (stream, connection) => {
      if (!isRelay(connection.remotePeer.toString() as PeerId)) return stream.abort(new Error('no relay of this node'))
      releaseAtAnswer(stream, boundRequest(stream))
      return handler(stream, connection)
    }
  const registrar = () => {
    const { registrar } = components
    return new Proxy(registrar, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (key === 'handle')
          return (protocol: string, handler: StopHandler, options: object) =>
            registrar.handle(protocol, protocol === RELAY_V2_STOP_CODEC ? guard(handler) : handler, options)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  return new Proxy(components, {
    get: (target, key) => (key === 'registrar' ? registrar() : Reflect.get(target, key)),
  })
}

/** What comes behind this side's answer is the circuit. */
function releaseAtAnswer(stream: Stream, release: () => void): void {
  const { send } = stream
  stream.send = data => {
    stream.send = send
    release()
    return send.call(stream, data)
  }
}
