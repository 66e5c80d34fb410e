import type { Stream } from '@libp2p/interface'
import type { ByteDuplex } from '../../federation/index.ts'
import { readDirectly } from './direct-stream.ts'
import { Parts } from './parts.ts'

/** Bytes that may wait in a stream's write buffer before `send` makes its caller wait. */
const MAX_WRITE_BUFFER_BYTES = 1 << 20

/**
 * A libp2p stream as a `ByteDuplex`. Back-pressure is our own, because `onDrain()` resolves only once in a stream's
 * life and pausing inside a `message` event aborts the stream (NETWORK findings 2 and 3).
 */
export function duplexOfStream(stream: Stream): ByteDuplex {
  return {
    send: bytes => sendWithRoom(stream, bytes),
    sendParts: parts => sendWithRoom(stream, listOf(parts)),
    onData: take => {
      readDirectly(stream, data => forEachPart(data, take))
      stream.addEventListener('message', event => forEachPart(event.data, take))
    },
    onClose: closed => listenForEnd(stream, closed),
    close: () => stream.close(),
    abort: error => stream.abort(error),
  }
}

async function sendWithRoom(stream: Stream, bytes: Parameters<Stream['send']>[0]): Promise<void> {
  stream.send(bytes)
  while (stream.writeBufferLength > MAX_WRITE_BUFFER_BYTES) await drainOrEnd(stream)
}

function listOf(parts: readonly Uint8Array[]): Parameters<Stream['send']>[0] {
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0)
  return new Parts(parts, byteLength) as unknown as Parameters<Stream['send']>[0]
}

/** Resolves at the next `drain` or `idle`, rejects when the stream ends before. */
function drainOrEnd(stream: Stream): Promise<void> {
  if (stream.status !== 'open') return Promise.reject(new Error(`stream is ${stream.status}`))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const settle = (event: Event) => {
    for (const name of ['drain', 'idle', 'close'] as const) stream.removeEventListener(name, settle)
    if (event.type === 'close') reject(new Error('stream closed while sending'))
    // The stream's own `drain` listener continues in a microtask: look at the buffer after it.
    else setImmediate(resolve)
  }
  for (const name of ['drain', 'idle', 'close'] as const) stream.addEventListener(name, settle)
  return promise
}

function forEachPart(data: Uint8Array | Iterable<Uint8Array>, take: (bytes: Uint8Array) => void): void {
  if (data instanceof Uint8Array) take(data)
  else for (const part of data) take(part)
}

function listenForEnd(stream: Stream, closed: (error?: Error) => void): void {
  let told = false
  const tell = (error?: Error) => {
    if (told) return
    told = true
    closed(error)
  }
  stream.addEventListener('close', event => tell(event.error))
  // Kept streams are never half closed: a peer that stops writing is gone.
  stream.addEventListener('remoteCloseWrite', () => tell())
  if (stream.status !== 'open') queueMicrotask(() => tell())
}
