import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'
import { parsePeerAddress } from './discovery-port.ts'
import type { Network } from './network.ts'
import type { PeerBook } from './peer-book.ts'

export interface PeerConnectionsParts {
  readonly settings: Config['network']
  readonly book: PeerBook
  /** The network, once it is started. */
  readonly network: () => Network
}

/** With whom this node is connected or could be, and how that ends. */
export class PeerConnections {
  readonly #parts: PeerConnectionsParts

  constructor(parts: PeerConnectionsParts) {
    this.#parts = parts
  }

  /** Peers whose addresses are known; none while the network is off. */
  known(): ReadonlySet<PeerId> {
    const { settings, book } = this.#parts
    if (settings.mode === 'off') return new Set()
    const known = [...settings.bootstrap.map(parsePeerAddress), ...book.all(true), ...book.all(false)]
    return new Set(known.flatMap(each => each?.peer ?? []))
  }

  /** Pinned peers first, then as they came. */
  connected(): readonly PeerId[] {
    const { network, book } = this.#parts
    const ids = network()
      .getPeers()
      .map(peer => peer.toString() as PeerId)
    return ids.toSorted((a, b) => Number(book.isPinned(b)) - Number(book.isPinned(a)))
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
