import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'
import type { Identified } from './connected-peers.ts'
import { parsePeerAddress } from './discovery-port.ts'
import type { Network } from './network.ts'
import type { PeerBook } from './peer-book.ts'

export interface PeerConnectionsParts {
  readonly settings: Config['network']
  readonly book: PeerBook
  /** The network, once it is started. */
  readonly network: () => Network
}

type CameListener = (peer: PeerId, direction: Identified['direction']) => void

/** With whom this node is connected or could be, and how that ends. */
export class PeerConnections {
  readonly #parts: PeerConnectionsParts
  constructor(parts: PeerConnectionsParts) {
    this.#parts = parts
  }

  /** Whether a peer may be of this network: it said nothing else. */
  readonly isOfUse = (peer: PeerId): boolean => !this.#parts.network().services.connectedPeers.isForeign(peer)

  /** Peers whose addresses are known, but for those that turned out to be of another network; none while the network is off. */
  known(): ReadonlySet<PeerId> {
    const { settings, book } = this.#parts
    if (settings.mode === 'off') return new Set()
    const known = [...settings.bootstrap.map(parsePeerAddress), ...book.all(true), ...book.all(false)]
    return new Set(known.flatMap(each => each?.peer ?? []).filter(this.isOfUse))
  }

  /** Of this network, as far as they said: pinned peers first, then as they came. */
  connected(): readonly PeerId[] {
    const { book } = this.#parts
    const ids = this.all().filter(this.isOfUse)
    return ids.toSorted((a, b) => Number(book.isPinned(b)) - Number(book.isPinned(a)))
  }

  /** Those of other networks among them. */
  all(): readonly PeerId[] {
    return this.#parts
      .network()
      .getPeers()
      .map(peer => peer.toString() as PeerId)
  }

  /**
   * Tells of each peer that `connected` names, and of each as it comes, which is before it says of which network it is; `gone`: of each of
   * them that goes or turns out to be of another network.
   */
  onConnect(came: CameListener, gone: (peer: PeerId) => void = () => {}): () => void {
    const { connectedPeers } = this.#parts.network().services
    const here = new Set<PeerId>()
    const enter = (peer: PeerId, direction: Identified['direction']) => {
      if (here.has(peer) || !this.isOfUse(peer)) return
      here.add(peer)
      came(peer, direction)
    }
    const leave = (peer: PeerId) => void (here.delete(peer) && gone(peer))
    const listening = new DisposableStack()
    listening.defer(connectedPeers.onDisconnect(leave))
    listening.defer(connectedPeers.onConnect(enter))
    const said = ({ peer, isOfNetwork, direction }: Identified) => (isOfNetwork ? enter(peer, direction) : leave(peer))
    listening.defer(connectedPeers.onIdentify(said))
    return () => listening.dispose()
  }

  /** Ends the connection with a peer; one that is gone already is as good. */
  async hangUp(peer: PeerId): Promise<void> {
    await this.#parts
      .network()
      .hangUp(peerIdFromString(peer))
      .catch(() => {})
  }

  /** Ends connections that lead nowhere: nobody waits for the peer to agree, and the keeper dials anew. */
  abort(peer: PeerId): void {
    const silent = new Error('the peer is silent')
    for (const connection of this.#parts.network().getConnections(peerIdFromString(peer))) connection.abort(silent)
  }
}
