import { peerIdFromString } from '@libp2p/peer-id'
import type { KeptStreams, OpenStream } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { duplexOfStream } from './libp2p-duplex.ts'
import { metered, type StreamMeter } from './metered-duplex.ts'
import type { Network } from './network.ts'

const UNMETERED: StreamMeter = { received: () => {}, sent: () => {} }

/** Opens streams over a connection that is there: finding peers is the peer keeper's work. */
export function openStreamOver(libp2p: () => Network, meter: StreamMeter = UNMETERED): OpenStream {
  return async (peer, protocol, { signal }) =>
    metered(duplexOfStream(await libp2p().dialProtocol(peerIdFromString(peer), protocol, { signal })), peer, meter)
}

/** Hands inbound streams of the protocols to the kept streams; the answer stops that. */
export async function acceptStreams(
  libp2p: Network,
  protocols: readonly string[],
  streams: KeptStreams,
  meter: StreamMeter = UNMETERED,
): Promise<() => Promise<void>> {
  for (const protocol of protocols) {
    await libp2p.handle(protocol, (stream, connection) => {
      const peer = connection.remotePeer.toString() as PeerId
      streams.acceptStream(peer, protocol, metered(duplexOfStream(stream), peer, meter))
    })
  }
  return async () => {
    await libp2p.unhandle([...protocols])
  }
}
