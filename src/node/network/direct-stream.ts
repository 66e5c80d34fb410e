import { nextTick } from 'node:process'
import type { MessageStream } from '@libp2p/interface'

/** Bytes as libp2p hands them on: one piece, or a list of them. */
export type Pieces = Uint8Array | (Iterable<Uint8Array> & { readonly byteLength: number })
type Take = (data: Pieces) => void

/** What a stream of libp2p has beyond its interface. */
interface Inner {
  readonly readStatus: string
  readonly writeStatus: string
  readonly remoteWriteStatus: string
  readonly readBuffer: { readonly byteLength: number }
  readonly writeBuffer: { readonly byteLength: number }
  readonly sendingData: boolean
  writableNeedsDrain: boolean
  listenerCount(type: string): number
  send(data: Pieces): boolean
  sendData(data: Pieces): { readonly canSendMore: boolean }
  onData(data: Pieces): void
  dispatchReadBuffer(): void
}

const readers = new WeakMap<object, Take>()

/**
 * A stream that sends at once what is at most `room` bytes, and hands on what comes to the reader that `readDirectly` names, while
 * nothing waits before it; else what `keep` makes of it goes libp2p's way. libp2p puts each message, at each of its three layers, into a list, takes it out, and tells of it by an event.
 */
export function direct<T extends MessageStream>(
  stream: T,
  room: () => number,
  keep: (data: Pieces) => Pieces = data => data,
): T {
  const inner = stream as unknown as Inner
  const { send, onData } = inner
  inner.send = data => {
    const waits = inner.writeBuffer.byteLength > 0 || inner.sendingData || inner.writableNeedsDrain
    if (waits || inner.writeStatus !== 'writable' || data.byteLength === 0 || data.byteLength > room())
      return send.call(inner, data)
    try {
      const { canSendMore } = inner.sendData(data)
      if (!canSendMore) inner.writableNeedsDrain = true
      return canSendMore
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }
  inner.onData = data => {
    const take = readers.get(inner)
    const mayTake = inner.readStatus === 'readable' && inner.remoteWriteStatus !== 'closed' && data.byteLength > 0
    if (take === undefined || !mayTake || inner.readBuffer.byteLength > 0 || inner.listenerCount('message') !== 1)
      return onData.call(inner, keep(data))
    try {
      take(data)
    } catch (error) {
      nextTick(() => {
        throw error // as of a listener
      })
    }
    if ((inner.remoteWriteStatus as string) === 'closed') inner.dispatchReadBuffer() // which ends it
  }
  return stream
}

/** Names what the stream's only listener for `message` does, to be called instead of it. */
export function readDirectly(stream: MessageStream, take: Take): void {
  readers.set(stream, take)
}
