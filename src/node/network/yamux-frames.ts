import { GoAwayCode } from '@libp2p/yamux'
import type { Pieces } from './direct-stream.ts'
import { Parts } from './parts.ts'

export interface YamuxHeader {
  readonly type: number
  readonly flag: number
  readonly streamID: number
  readonly length: number
}
export interface YamuxFrame {
  readonly header: YamuxHeader
  /** Of a frame of data: a view of what came. */
  readonly data?: Uint8Array
}

/** What no honest peer sends below its streams. */
export type YamuxOffence = 'frame of another version' | 'frame too long' | 'too many asks' | 'too many bytes'

/** A peer broke the protocol: the connection ends, and the peer is told so. */
export class YamuxFault extends Error {
  override readonly name = 'YamuxFault'
  readonly reason = GoAwayCode.ProtocolError
  readonly what: YamuxOffence

  constructor(what: YamuxOffence) {
    super(what)
    this.what = what
  }
}

export const HEADER_BYTES = 12
export const VERSION = 0
export const DATA = 0
export const WINDOW_UPDATE = 1
/** Flags of a frame after which its sender sends nothing more. */
export const FIN = 4
export const RST = 8

/** A frame of data as it leaves: its header before the pieces. */
export function dataFrameOf({ flag, streamID, length }: Omit<YamuxHeader, 'type'>, data: Pieces): Parts {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header[0] = VERSION
  header[1] = DATA
  header.writeUInt16BE(flag, 2)
  header.writeUInt32BE(streamID, 4)
  header.writeUInt32BE(length, 8)
  return new Parts(data instanceof Uint8Array ? [header, data] : [header, ...data], HEADER_BYTES + data.byteLength)
}
