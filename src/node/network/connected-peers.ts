import type { Connection, IdentifyResult, Libp2pEvents, PeerId as Libp2pId, TypedEventTarget } from '@libp2p/interface'
import type { PeerId } from '../../protocol/index.ts'
import { MAX_CONNECTIONS_OF_PEER } from './limits.ts'

interface Components {
  readonly events: TypedEventTarget<Libp2pEvents>
  readonly connectionManager: { getConnections(peer?: Libp2pId): Connection[] }
}

/** What a peer says of itself over a connection. */
export interface Identified {
  readonly peer: PeerId
  /** Multiaddrs at which it says it listens. */
  readonly addresses: readonly string[]
  /** It came here over that connection, from that multiaddr. */
  readonly direction: 'inbound' | 'outbound'
  readonly cameFrom: string
  /** It speaks a protocol of this network; the DHT's is there before any other. */
  readonly isOfNetwork: boolean
}

export type ConnectListener = (peer: PeerId, direction: 'inbound' | 'outbound', address: string) => void
/** `wasCut`: neither side closed the connection. */
export type DepartListener = (peer: PeerId, wasCut: boolean) => void
export type IdentifyListener = (said: Identified) => void

interface Here {
  readonly direction: 'inbound' | 'outbound'
  readonly address: string
  said: Identified | null
}

/**
 * Who is connected, as a service of libp2p: it is there before the first connection is, while the parts of a node come long after it
 * listens. Whoever listens here hears of each peer once: of those already connected at that moment, of all others as they come.
 */
export class ConnectedPeers {
  readonly #connections: Components['connectionManager']
  readonly #net: string
  readonly #here = new Map<PeerId, Here>()
  readonly #onConnect = new Set<ConnectListener>()
  readonly #onDepart = new Set<DepartListener>()
  readonly #onIdentify = new Set<IdentifyListener>()

  constructor(net: string, { events, connectionManager }: Components) {
    this.#net = net
    this.#connections = connectionManager
    events.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    events.addEventListener('peer:connect', ({ detail }) => this.#came(detail))
    events.addEventListener('connection:close', ({ detail }) => this.#closed(detail))
    events.addEventListener('peer:identify', ({ detail }) => this.#identified(detail))
  }

  has(peer: PeerId): boolean {
    return this.#here.has(peer)
  }

  /** It is connected and said what it speaks: nothing of this network, so it is of another one, or no Hanse node. */
  isForeign(peer: PeerId): boolean {
    return this.#here.get(peer)?.said?.isOfNetwork === false
  }

  /** Tells of each peer with its first connection; the answer stops that. */
  onConnect(listener: ConnectListener): () => void {
    this.#onConnect.add(listener)
    for (const [peer, { direction, address }] of [...this.#here]) listener(peer, direction, address)
    return () => this.#onConnect.delete(listener)
  }

  /** Tells of each peer that `onConnect` told of when its last connection ends; the answer stops that. */
  onDisconnect(listener: DepartListener): () => void {
    this.#onDepart.add(listener)
    return () => this.#onDepart.delete(listener)
  }

  /** Tells what each peer says of itself, once for each of its connections; the answer stops that. */
  onIdentify(listener: IdentifyListener): () => void {
    this.#onIdentify.add(listener)
    for (const { said } of [...this.#here.values()]) if (said !== null) listener(said)
    return () => this.#onIdentify.delete(listener)
  }

  /** What a connected peer says of itself, waited for; null if it is gone, or the signal aborts, before. */
  async identified(peer: PeerId, signal: AbortSignal): Promise<Identified | null> {
    const { promise, resolve } = Promise.withResolvers<Identified | null>()
    using listening = new DisposableStack()
    listening.defer(this.onIdentify(said => said.peer === peer && resolve(said)))
    listening.defer(this.onDisconnect(gone => gone === peer && resolve(null)))
    const end = () => resolve(null)
    signal.addEventListener('abort', end)
    listening.defer(() => signal.removeEventListener('abort', end))
    if (signal.aborted || !this.#here.has(peer)) end()
    return await promise
  }

  /** What a connection may cost is bounded for each: so a peer has few. */
  #opened(connection: Connection): void {
    const others = this.#connections.getConnections(connection.remotePeer).filter(({ id }) => id !== connection.id)
    if (connection.direction === 'inbound' && others.length >= MAX_CONNECTIONS_OF_PEER)
      connection.abort(new Error('a peer has no use for more connections'))
  }

  #came(id: Libp2pId): void {
    const peer = id.toString() as PeerId
    // It may have gone before libp2p told that it came.
    const [first] = this.#connections.getConnections(id)
    if (first === undefined || this.#here.has(peer)) return
    const { direction, remoteAddr } = first
    const address = remoteAddr.toString()
    this.#here.set(peer, { direction, address, said: null })
    for (const listener of [...this.#onConnect]) listener(peer, direction, address)
  }

  #closed({ id, remotePeer, status }: Connection): void {
    const isLast = this.#connections.getConnections(remotePeer).every(each => each.id === id)
    const peer = remotePeer.toString() as PeerId
    if (!isLast || !this.#here.delete(peer)) return
    for (const listener of [...this.#onDepart]) listener(peer, status !== 'closed')
  }

  #identified({ peerId, listenAddrs, protocols, connection: { direction, remoteAddr } }: IdentifyResult): void {
    const peer = peerId.toString() as PeerId
    const here = this.#here.get(peer)
    if (here === undefined) return
    const isOfNetwork = protocols.some(protocol => protocol.startsWith(`/hanse/${this.#net}/`))
    const cameFrom = remoteAddr.toString()
    here.said = { peer, addresses: listenAddrs.map(String), direction, cameFrom, isOfNetwork }
    for (const listener of [...this.#onIdentify]) listener(here.said)
  }
}
