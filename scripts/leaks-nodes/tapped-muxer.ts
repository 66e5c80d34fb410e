import type { Stream, StreamMuxer } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'

/** Every byte that came in on one stream, whatever protocol it turned out to be. */
export interface TappedStream {
  readonly chunks: Uint8Array[]
  protocol(): string
}

export type MakeMuxer = NonNullable<Libp2pOptions['streamMuxers']>[number]
/** What streams of libp2p have inside: every byte of theirs comes in here, decrypted and out of the multiplexer's frames. */
interface StreamInside {
  /** Bytes in one piece or a list of pieces; both give a copy in one. */
  onData(data: { slice(): Uint8Array }): void
}
interface MuxerInside {
  createStream: StreamMuxer['createStream']
  onRemoteStream(stream: Stream): void
}

/** A multiplexer that keeps what each stream receives. */
export function tappedMuxer(make: MakeMuxer, onStream: (stream: TappedStream) => void): MakeMuxer {
  return components => {
    const factory = make(components)
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      const muxer = create(connection)
      tapStreams(muxer as unknown as MuxerInside, onStream)
      return muxer
    }
    return factory
  }
}

function tapStreams(muxer: MuxerInside, onStream: (stream: TappedStream) => void): void {
  const createStream = muxer.createStream.bind(muxer)
  const onRemoteStream = muxer.onRemoteStream.bind(muxer)
  muxer.createStream = async options => tapped(await createStream(options), onStream)
  muxer.onRemoteStream = stream => onRemoteStream(tapped(stream, onStream))
}

function tapped(stream: Stream, onStream: (stream: TappedStream) => void): Stream {
  const inside = stream as unknown as StreamInside
  const onData = inside.onData.bind(stream)
  const chunks: Uint8Array[] = []
  inside.onData = data => {
    chunks.push(data.slice())
    onData(data)
  }
  onStream({ chunks, protocol: () => stream.protocol ?? '' })
  return stream
}
