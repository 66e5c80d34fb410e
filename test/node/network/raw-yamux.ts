import { once } from 'node:events'
import type { Connection, Libp2p, MessageStream, Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { joiningTcp } from '../../../src/node/network/joined-writes.ts'
import { joiningNoise } from '../../../src/node/network/joining-noise.ts'
import { joiningYamux } from '../../../src/node/network/joining-yamux.ts'

export const [DATA, WINDOW_UPDATE, PING] = [0, 1, 2]
export const [SYN, RST] = [1, 8]
/** How a stream begins, whatever its protocol. */
export const GREETING: Uint8Array = Buffer.from('\x13/multistream/1.0.0\n')
/** Streams that each side may open. */
export const MAX_STREAMS = 64
export const PROTOCOL = '/test/1'
/** One of libp2p's own, which nobody here reads either. */
export const LIBP2P_PROTOCOL = '/ipfs/ping/1.0.0'

/** A yamux frame; of data, its header alone. */
export function frame(type: number, flag: number, streamID: number, length: number): Buffer {
  const header = Buffer.alloc(12)
  header[1] = type
  header.writeUInt16BE(flag, 2)
  header.writeUInt32BE(streamID, 4)
  header.writeUInt32BE(length, 8)
  return header
}

/** What lies below a muxer; what is sent on it is sealed, and not judged. */
export interface Line extends MessageStream {
  readonly writeBuffer: { readonly byteLength: number }
}

/** A real connection over TCP between two nodes. */
export interface RawYamux extends AsyncDisposable {
  readonly near: Connection
  readonly nearLine: Line
  readonly farLine: Line
  /** The other end of each stream that the near side opened. */
  readonly accepted: Stream[]
}

export async function rawYamux(): Promise<RawYamux> {
  const accepted: Stream[] = []
  const start = (listen: string[]): Promise<Libp2p> =>
    createLibp2p({
      addresses: { listen },
      transports: [joiningTcp()],
      connectionEncrypters: [joiningNoise()],
      streamMuxers: [joiningYamux({ enableKeepAlive: false, maxInboundStreams: MAX_STREAMS })],
      connectionMonitor: { enabled: false },
    })
  const [far, dialler] = [await start(['/ip4/127.0.0.1/tcp/0']), await start([])]
  await far.handle([PROTOCOL, LIBP2P_PROTOCOL], stream => void accepted.push(stream), { maxInboundStreams: 1_024 })
  const opened = once(far, 'connection:open')
  const near = await dialler.dial(far.getMultiaddrs())
  await opened
  return {
    ...{ near, nearLine: lineOf(near), farLine: lineOf(far.getConnections()[0]!), accepted },
    [Symbol.asyncDispose]: async () => {
      near.abort(new Error('the test is over'))
      await Promise.all([far.stop(), dialler.stop()])
    },
  }
}

/** What lies below the muxer of a connection. */
export const lineOf = (connection: Connection): Line =>
  (connection as Connection & { muxer: { maConn: Line } }).muxer.maConn
