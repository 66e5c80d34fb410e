import type { MessageStream } from '@libp2p/interface'
import { direct, type Pieces } from './direct-stream.ts'
import type { ReadBudget } from './read-budget.ts'
import type { YamuxHeader } from './yamux-frames.ts'
import type { YamuxLine } from './yamux-line.ts'

/** What a stream of libp2p's yamux has beyond its interface. */
export interface YamuxStream extends MessageStream {
  readonly streamId: number
  readonly protocol: string
  readonly state: number
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  readonly maxMessageSize?: number
  sendWindowCapacity: number
  getSendFlags(): number
  sendData(data: Pieces): { readonly sentBytes: number; readonly canSendMore: boolean }
  sendFrame(header: YamuxHeader, data: Pieces): boolean
  sendWindowUpdate(): void
}

/** States of a stream in which an update says nothing but how much may come: opened by this side, or by both. */
const UPDATES_ALONE: readonly number[] = [1, 3]

/** Tells the peer what it may send once half of the window is used up. */
export function updatingAtHalf(stream: YamuxStream): YamuxStream {
  const send = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    if (UPDATES_ALONE.includes(stream.state) && stream.recvWindowCapacity * 2 > stream.recvWindow) return
    send()
  }
  return stream
}

/** Sends what the window has room for as it is. What the line does not take stays in the stream: libp2p's passes it on with each window that the peer opens. */
export function sendingDirectly(stream: YamuxStream, line: YamuxLine, budget: ReadBudget): YamuxStream {
  const sendData = stream.sendData.bind(stream)
  stream.sendData = data => {
    if (line.isFull) return { sentBytes: 0, canSendMore: false }
    const sentBytes = data.byteLength
    if (sentBytes > stream.sendWindowCapacity) return sendData(data)
    const header = { type: 0, flag: stream.getSendFlags(), streamID: stream.streamId, length: sentBytes }
    const canSendMore = stream.sendFrame(header, data)
    stream.sendWindowCapacity -= sentBytes
    return { sentBytes, canSendMore }
  }
  const room = () => (line.isFull ? 0 : Math.min(stream.sendWindowCapacity, stream.maxMessageSize ?? 0))
  return direct(stream, room, data => budget.admit(stream.protocol, data))
}
