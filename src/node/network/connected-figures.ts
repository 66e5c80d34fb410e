import type { Connection } from '@libp2p/interface'
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
  return libp2p.getConnections().map(connection => {
    const { remotePeer, remoteAddr, direction, limits } = connection
    const peer = remotePeer.toString() as PeerId
    return {
      ...{ peer, direction, address: remoteAddr.toString(), isRelayed: limits !== undefined },
      latencyMs: latencyOf(connection),
      ...ledger.figuresOf(peer),
    }
  })
}

/** What yamux measures when a connection begins and twice a minute; libp2p's own interface has it of the connection monitor alone. */
function latencyOf(connection: Connection): number | null {
  const { muxer } = connection as { readonly muxer?: { readonly rtt?: number } }
  return muxer?.rtt === undefined || muxer.rtt < 0 ? null : muxer.rtt
}
