import type { MessageStream } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'

type YamuxFactory = ReturnType<typeof yamux>

/** What a muxer of libp2p's yamux has beyond its interface. */
interface Muxer {
  _newStream(...args: readonly unknown[]): MuxedStream
}
interface MuxedStream {
  readonly state: number
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

/** States of a stream in which an update says nothing but how much may come: opened by this side, or by both. */
const UPDATES_ALONE: readonly number[] = [1, 3]

/**
 * yamux that tells a peer what it may send once half of the window is used up, as other implementations do; libp2p's tells it after
 * each message, which costs a message of its own, a packet, and a wake-up of the other side.
 */
export function joiningYamux(init: Parameters<typeof yamux>[0]): YamuxFactory {
  const make = yamux(init)
  return () => {
    const factory = make()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection: MessageStream) => {
      const muxer = createStreamMuxer(connection)
      const inner = muxer as unknown as Muxer
      const newStream = inner._newStream.bind(muxer)
      inner._newStream = (...args) => updatingAtHalf(newStream(...args))
      return muxer
    }
    return factory
  }
}

function updatingAtHalf(stream: MuxedStream): MuxedStream {
  const send = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    if (UPDATES_ALONE.includes(stream.state) && stream.recvWindowCapacity * 2 > stream.recvWindow) return
    send()
  }
  return stream
}
