import { Socket } from 'node:net'
import type { MessageStream } from '@libp2p/interface'

/** Most bytes of one read, in memory that all sockets share: four noise messages. */
const READ_BYTES = 256 << 10

/** What a stream of libp2p has beyond its interface. */
interface Readable {
  readonly readStatus: string
}

/** Those whose bytes are taken before the next are read, with what is above them. */
const inPlace = new WeakMap<Socket, Readable>()

/**
 * `onread` of a socket that node:net dials: it reads into one piece of memory instead of 64 KiB of its own each time, which would have
 * to be collected. Its data is a copy, but for a reader that said it needs none.
 */
export const sharedReads = {
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: Socket, bytes: number, buffer: Uint8Array): boolean {
    const read = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
    // One that is paused keeps what comes, and what was kept goes first.
    const isTaken = inPlace.get(this)?.readStatus === 'readable' && this.readableFlowing && this.readableLength === 0
    return isTaken ? this.emit('data', read) : this.push(Buffer.from(read))
  },
}

/** The reader of this connection takes its bytes before it returns, and keeps none. */
export function readInPlace(connection: MessageStream): void {
  const socket = 'socket' in connection ? connection.socket : null
  if (socket instanceof Socket) inPlace.set(socket, connection as unknown as Readable)
}
