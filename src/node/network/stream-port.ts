import { peerIdFromString } from '@libp2p/peer-id'
import type { KeptStreams, OpenStream } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { duplexOfStream } from './libp2p-duplex.ts'
import type { Network } from './network.ts'

/** Opens streams over a connection that is there: finding peers is the peer keeper's work. */
export function openStreamOver(libp2p: () => Network): OpenStream {
  return async (peer, protocol, { signal }) =>
    duplexOfStream(await libp2p().dialProtocol(peerIdFromString(peer), protocol, { signal }))
}

/** Hands inbound streams of the protocols to the kept streams; the answer stops that. */
export async function acceptStreams(
  libp2p: Network,
  protocols: readonly string[],
  streams: KeptStreams,
): Promise<() => Promise<void>> {
  for (const protocol of protocols) {
    await libp2p.handle(protocol, (stream, connection) =>
      streams.acceptStream(connection.remotePeer.toString() as PeerId, protocol, duplexOfStream(stream)),
    )
  }
  return async () => {
    await libp2p.unhandle([...protocols])
  }
}
