import type { Connection, StreamHandler } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { KeptStreams, OpenStream } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { duplexOfStream } from './libp2p-duplex.ts'
import { metered, type StreamMeter } from './metered-duplex.ts'
import type { Network } from './network.ts'

const UNMETERED: StreamMeter = { received: () => {}, sent: () => {} }

/** Opens streams over a connection that is there: finding peers is the peer keeper's work. */
export function openStreamOver(libp2p: () => Network, meter: StreamMeter = UNMETERED): OpenStream {
  return async (peer, protocol, { signal }) => {
    const id = peerIdFromString(peer)
    const connection = bestOf(libp2p().getConnections(id)) ?? (await libp2p().dial(id, { signal }))
    const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
    return metered(duplexOfStream(stream), peer, meter)
  }
}

/** A direct connection before a circuit; libp2p's own choice passes over circuits, and dials another one for each stream. */
function bestOf(connections: readonly Connection[]): Connection | undefined {
  const open = connections.filter(({ status }) => status === 'open')
  return open.find(({ limits }) => limits === undefined) ?? open[0]
}

/** Hands inbound streams of the protocols to the kept streams; the answer stops that. */
export async function acceptStreams(
  libp2p: Network,
  protocols: readonly string[],
  streams: KeptStreams,
  meter: StreamMeter = UNMETERED,
): Promise<() => Promise<void>> {
  for (const protocol of protocols) {
    const accept: StreamHandler = (stream, connection) => {
      const peer = connection.remotePeer.toString() as PeerId
      streams.acceptStream(peer, protocol, metered(duplexOfStream(stream), peer, meter))
    }
    await libp2p.handle(protocol, accept, { runOnLimitedConnection: true })
  }
  return async () => {
    await libp2p.unhandle([...protocols])
  }
}
