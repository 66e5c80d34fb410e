import type { IncomingMessage } from 'node:http'

/**
 * Bytes of a refused upload that are read and dropped. A connection closed while its client still sends takes the refusal along:
 * the client would hear of a broken connection, not of why. A published package is sent whole before a client looks for an answer.
 */
const MAX_DROPPED_BYTES = 512 * 2 ** 20

/** Reads what is left of a refused request to nowhere, so that its client reads the refusal and may ask again; cuts off who never ends. */
export function dropRest(request: IncomingMessage): void {
  let dropped = 0
  request.on('data', (chunk: Uint8Array) => {
    dropped += chunk.length
    if (dropped > MAX_DROPPED_BYTES) request.socket.destroy()
  })
}
