import type { ByteDuplex } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'

/** Told of the bytes that pass over streams with each peer. */
export interface StreamMeter {
  received(peer: PeerId, bytes: number): void
  sent(peer: PeerId, bytes: number): void
}

/** A duplex whose bytes are counted. */
export function metered(duplex: ByteDuplex, peer: PeerId, meter: StreamMeter): ByteDuplex {
  return {
    send: bytes => {
      meter.sent(peer, bytes.byteLength)
      return duplex.send(bytes)
    },
    ...(duplex.sendParts === undefined
      ? {}
      : { sendParts: counting(duplex.sendParts, bytes => meter.sent(peer, bytes)) }),
    onData: take =>
      duplex.onData(bytes => {
        meter.received(peer, bytes.byteLength)
        take(bytes)
      }),
    onClose: closed => duplex.onClose(closed),
    close: () => duplex.close(),
    abort: error => duplex.abort(error),
  }
}

type SendParts = NonNullable<ByteDuplex['sendParts']>

function counting(send: SendParts, onBytes: (bytes: number) => void): SendParts {
  return parts => {
    onBytes(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
    return send(parts)
  }
}
