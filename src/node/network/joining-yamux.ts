import type { MessageStream } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { type Pieces, readDirectly } from './direct-stream.ts'
import { MAX_STREAM_WINDOW_BYTES } from './limits.ts'
import { ReadBudget } from './read-budget.ts'
import { boundAsks } from './yamux-asks.ts'
import {
  dataFrameOf,
  WINDOW_UPDATE,
  YamuxFault,
  type YamuxFrame,
  type YamuxHeader,
  type YamuxOffence,
} from './yamux-frames.ts'
import { YamuxLine } from './yamux-line.ts'
import { YamuxReader, type YamuxTaker } from './yamux-reader.ts'
import { sendingDirectly, updatingAtHalf, type YamuxStream } from './yamux-stream.ts'

type YamuxFactory = ReturnType<typeof yamux>
/** Who is at the other end of the connection below the muxer broke the protocol, and it has ended. */
type OffenceListener = (line: MessageStream, what: YamuxOffence) => void

/** What a muxer of libp2p's yamux has beyond its interface. */
interface Muxer {
  readonly streams: readonly YamuxStream[]
  onData(data: Pieces): void
  handleFrame(frame: YamuxFrame): void
  handleStreamMessage(frame: YamuxFrame): void
  send(data: Pieces): boolean
  sendFrame(header: YamuxHeader, data?: Pieces): boolean
  _newStream(...args: readonly unknown[]): YamuxStream
}

/**
 * yamux that tells a peer what it may send once half of the window is used up, as other implementations do; libp2p's tells it after
 * each message, which costs a message of its own, a packet, and a wake-up of the other side. Frames of streams are read where they
 * lie, and neither they nor those that leave are described for a log. libp2p's gathers a frame whole before it looks at its length.
 */
export function joiningYamux(
  init: Parameters<typeof yamux>[0] = {},
  onOffence: OffenceListener = () => {},
): YamuxFactory {
  const streamOptions = { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES, ...init.streamOptions }
  const make = yamux({ ...init, streamOptions })
  return () => {
    const factory = make()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection: MessageStream) => {
      const muxer = createStreamMuxer(connection)
      const inner = muxer as unknown as Muxer
      const { sendFrame, _newStream } = inner
      const reader = new YamuxReader(takerOf(inner, streamOptions.maxStreamWindowSize))
      const line = new YamuxLine(connection)
      const budget = new ReadBudget()
      inner.onData = data => {
        try {
          reader.read(data)
        } catch (error) {
          muxer.abort(error as Error)
          connection.abort(error as Error)
          if (error instanceof YamuxFault) onOffence(connection, error.what)
        }
      }
      inner.sendFrame = (header, data) => {
        if (!line.mayFrame()) return false
        return data === undefined ? sendFrame.call(inner, header) : inner.send(dataFrameOf(header, data))
      }
      inner._newStream = (...args) => sendingDirectly(updatingAtHalf(_newStream.apply(inner, [...args])), line, budget)
      boundAsks(inner)
      readDirectly(connection, data => inner.onData(data))
      return muxer
    }
    return factory
  }
}

function takerOf(muxer: Muxer, longestBytes: number): YamuxTaker {
  return {
    take: frame => {
      const { type, streamID } = frame.header
      if (type <= WINDOW_UPDATE && streamID !== 0) muxer.handleStreamMessage(frame)
      else muxer.handleFrame(frame)
    },
    // Of a stream that was reset here, a window may still be on its way; its data goes to nobody.
    admit: ({ streamID, length }) => {
      const stream = muxer.streams.find(each => each.streamId === streamID)
      const mayBytes = stream?.recvWindowCapacity ?? longestBytes
      if (streamID === 0 || length > mayBytes) throw new YamuxFault('frame too long')
    },
  }
}
