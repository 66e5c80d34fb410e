import type { Stream } from '@libp2p/interface'
import { MAX_CIRCUIT_WAITING_BYTES } from './limits.ts'

/** What a stream of libp2p's yamux has beyond its interface. */
interface Windowed extends Stream {
  sendWindowUpdate(): void
}

/**
 * Has what comes on either stream of a circuit wait at who sends it while the other takes nothing. libp2p tells each side that it may
 * send more as soon as something came, and keeps that until the other side has read.
 */
export function paceCircuit(one: Stream, other: Stream): void {
  holdBack(one as Windowed, other)
  holdBack(other as Windowed, one)
}

function holdBack(from: Windowed, to: Stream): void {
  const { sendWindowUpdate } = from
  const { send } = to
  let waitingBytes = 0
  let isHeld = false
  const update = () => {
    isHeld = waitingBytes + to.writeBufferLength > MAX_CIRCUIT_WAITING_BYTES
    if (!isHeld && from.status === 'open') sendWindowUpdate.call(from)
  }
  const goOn = () => void (isHeld && update())
  from.sendWindowUpdate = update
  from.addEventListener('message', ({ data }) => {
    waitingBytes += data.byteLength
  })
  to.send = data => {
    waitingBytes -= data.byteLength
    const mayMore = send.call(to, data)
    goOn()
    return mayMore
  }
  // The stream's own listener goes on in a microtask: look at what is left after it.
  to.addEventListener('drain', () => queueMicrotask(goOn))
  to.addEventListener('idle', goOn)
}
