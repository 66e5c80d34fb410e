import type { PeerId } from '../../protocol/index.ts'
import type { Network } from './network.ts'
import type { PeerFigures, PeerLedger } from './peer-ledger.ts'

/** One connection with a peer, and what passed with that peer. */
export interface ConnectionFigures extends PeerFigures {
  readonly peer: PeerId
  readonly direction: 'inbound' | 'outbound'
  readonly address: string
  /** Through another node, with its bounds on bytes and time. */
  readonly isRelayed: boolean
  /** There and back, ms; null before it was measured. */
  readonly latencyMs: number | null
}

/** Every connection of now. */
export function connectedFigures(libp2p: Network, ledger: PeerLedger): readonly ConnectionFigures[] {
  return libp2p.getConnections().map(({ remotePeer, remoteAddr, direction, rtt, limits }) => {
    const peer = remotePeer.toString() as PeerId
    return {
      ...{ peer, direction, address: remoteAddr.toString(), isRelayed: limits !== undefined, latencyMs: rtt ?? null },
      ...ledger.figuresOf(peer),
    }
  })
}
