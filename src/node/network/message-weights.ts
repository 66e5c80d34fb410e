import type { Pieces } from './direct-stream.ts'

/** What a message counts at least, bytes: each is decoded by itself and has a timer made for it, 25 µs and some 300 B for half a minute. */
export const LEAST_MESSAGE_BYTES = 64

/** A length that goes on for longer is none, and stays a number. */
const MAX_FACTOR = 2 ** 49

/** Weighs what comes on a stream of messages that each stand behind their length, a varint: short ones count as more than their bytes. */
export class MessageWeights {
  /** Bytes to come of the message that has begun. */
  #left = 0
  /** The length that has begun. */
  #length = 0
  #factor = 1

  weigh(came: Pieces): number {
    let weight = came.byteLength
    for (const piece of came instanceof Uint8Array ? [came] : came) weight += this.#weigh(piece)
    return weight
  }

  /** What the messages that begin in a piece count beyond their bytes. */
  #weigh(piece: Uint8Array): number {
    let more = 0
    for (let at = 0; at < piece.byteLength; ) {
      const body = Math.min(this.#left, piece.byteLength - at)
      this.#left -= body
      at += body
      if (at === piece.byteLength) break
      const byte = piece[at++]!
      this.#length += (byte & 0x7f) * this.#factor
      this.#factor = Math.min(this.#factor * 0x80, MAX_FACTOR)
      if (byte >= 0x80) continue
      more += Math.max(0, LEAST_MESSAGE_BYTES - this.#length)
      this.#left = this.#length
      this.#length = 0
      this.#factor = 1
    }
    return more
  }
}
