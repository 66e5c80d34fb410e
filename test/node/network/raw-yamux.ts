import { once } from 'node:events'
import type { Connection, Libp2p, MessageStream, Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { joiningTcp } from '../../../src/node/network/joined-writes.ts'
import { joiningNoise } from '../../../src/node/network/joining-noise.ts'
import { joiningYamux } from '../../../src/node/network/joining-yamux.ts'

export const DATA = 0
export const PROTOCOL = '/test/1'

/** A yamux frame; of data, its header alone. */
export function frame(type: number, flag: number, streamID: number, length: number): Buffer {
  const header = Buffer.alloc(12)
  header[1] = type
  header.writeUInt16BE(flag, 2)
  header.writeUInt32BE(streamID, 4)
  header.writeUInt32BE(length, 8)
  return header
}

/** A real connection over TCP between two nodes, and the lines below the muxers of both: what is sent on them is sealed, and not judged. */
export interface RawYamux extends AsyncDisposable {
  readonly near: Connection
  readonly nearLine: MessageStream
  readonly farLine: MessageStream
  /** The other end of each stream that the near side opened. */
  readonly accepted: Stream[]
}

export async function rawYamux(): Promise<RawYamux> {
  const lines: MessageStream[] = []
  const accepted: Stream[] = []
  const start = (listen: string[]): Promise<Libp2p> =>
    createLibp2p({
      addresses: { listen },
      transports: [joiningTcp()],
      connectionEncrypters: [joiningNoise()],
      streamMuxers: [noting(lines)],
      connectionMonitor: { enabled: false },
    })
  const [far, dialler] = [await start(['/ip4/127.0.0.1/tcp/0']), await start([])]
  await far.handle(PROTOCOL, stream => void accepted.push(stream), { maxInboundStreams: 1_024 })
  const opened = once(far, 'connection:open')
  const near = await dialler.dial(far.getMultiaddrs())
  await opened
  const lineOf = (direction: string) => lines.find(line => line.direction === direction)!
  return {
    ...{ near, nearLine: lineOf('outbound'), farLine: lineOf('inbound'), accepted },
    [Symbol.asyncDispose]: async () => {
      near.abort(new Error('the test is over'))
      await Promise.all([far.stop(), dialler.stop()])
    },
  }
}

function noting(lines: MessageStream[]): ReturnType<typeof joiningYamux> {
  const make = joiningYamux({ enableKeepAlive: false })
  return () => {
    const factory = make()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = line => {
      lines.push(line)
      return create(line)
    }
    return factory
  }
}
