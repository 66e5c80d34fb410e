import { type Clock, systemClock, TokenBucket } from '../../federation/index.ts'
import { YAMUX_ASKS } from './limits.ts'
import { YamuxFault, type YamuxHeader } from './yamux-frames.ts'

/** The steps of libp2p's muxer that a peer has it take by a frame of 12 bytes. */
interface Asked {
  handlePing(header: YamuxHeader): void
  incomingStream(id: number): void
}

/** Ends a connection whose peer has this node answer pings, or open and refuse streams, without end. */
export function boundAsks(muxer: object, clock: Clock = systemClock): void {
  const asked = muxer as Asked
  const { handlePing, incomingStream } = asked
  const bucket = new TokenBucket(YAMUX_ASKS, clock.now())
  const charge = () => {
    if (bucket.charge(1, clock.now()) > 0) throw new YamuxFault('too many asks')
  }
  asked.handlePing = header => {
    charge()
    handlePing.call(asked, header)
  }
  asked.incomingStream = id => {
    charge()
    incomingStream.call(asked, id)
  }
}
