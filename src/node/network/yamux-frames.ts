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

const HEADER_BYTES = 12
const VERSION = 0
const DATA = 0
const WINDOW_UPDATE = 1

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

/** Hands on the frames of streams that lie whole at the beginning of one piece; the answer is what comes behind them. */
export function takeWholeFrames(came: Pieces, take: (frame: YamuxFrame) => void): Pieces {
  if (!(came instanceof Uint8Array)) return came
  const view = new DataView(came.buffer, came.byteOffset, came.byteLength)
  let at = 0
  while (at + HEADER_BYTES <= came.byteLength) {
    const type = view.getUint8(at + 1)
    const streamID = view.getUint32(at + 4)
    if (view.getUint8(at) !== VERSION || type > WINDOW_UPDATE || streamID === 0) break
    const header = { type, flag: view.getUint16(at + 2), streamID, length: view.getUint32(at + 8) }
    const from = at + HEADER_BYTES
    const end = type === DATA ? from + header.length : from
    if (end > came.byteLength) break
    take(type === DATA ? { header, data: came.subarray(from, end) } : { header })
    at = end
  }
  return came.subarray(at)
}
