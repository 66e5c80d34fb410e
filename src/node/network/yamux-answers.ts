import { type Clock, systemClock, TokenBucket } from '../../federation/index.ts'
import { YAMUX_ANSWERS } from './limits.ts'
import { YamuxFault, type YamuxHeader } from './yamux-frames.ts'

/** The steps of libp2p's muxer that answer a frame by a frame. */
interface Answering {
  readonly numInboundStreams: number
  readonly maxInboundStreams: number
  handlePing(header: YamuxHeader): void
  incomingStream(id: number): void
}

/** Ends a connection whose peer has this node answer without end, 12 bytes each: pings, and streams above those it may have open. */
export function boundAnswers(muxer: object, clock: Clock = systemClock): void {
  const answering = muxer as Answering
  const { handlePing, incomingStream } = answering
  const bucket = new TokenBucket(YAMUX_ANSWERS, clock.now())
  const charge = () => {
    if (bucket.charge(1, clock.now()) > 0) throw new YamuxFault('more to answer than a peer asks for')
  }
  answering.handlePing = header => {
    charge()
    handlePing.call(answering, header)
  }
  answering.incomingStream = id => {
    if (answering.numInboundStreams >= answering.maxInboundStreams) charge()
    incomingStream.call(answering, id)
  }
}
