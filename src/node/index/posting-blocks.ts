import { BLOCK_POSTINGS } from './limits.ts'

/**
 * A block holds up to 128 postings in ascending document id: count byte, varint of the bytes that follow it, varint of
 * (last id - previous block's last id), then per posting varint of the id's delta and its impact byte.
 */
export class BlockWriter {
  #bytes = new Uint8Array(1 << 16)
  #length = 0

  /** Blocks of one term, the first delta counted from id -1: postings [from, to) of the two columns. */
  blocksOf(ids: Uint32Array, impacts: Uint8Array, from: number, to: number): Uint8Array[] {
    const blocks: Uint8Array[] = []
    let previousId = -1
    for (let start = from; start < to; start += BLOCK_POSTINGS) {
      const end = Math.min(start + BLOCK_POSTINGS, to)
      blocks.push(this.#blockOf(ids, impacts, start, end, previousId))
      previousId = ids[end - 1]!
    }
    return blocks
  }

  #blockOf(ids: Uint32Array, impacts: Uint8Array, from: number, to: number, previousId: number): Uint8Array {
    this.#length = 0
    this.#varint(ids[to - 1]! - previousId)
    let id = previousId
    for (let i = from; i < to; i++) {
      this.#varint(ids[i]! - id)
      this.#bytes[this.#length++] = impacts[i]!
      id = ids[i]!
    }
    const body = this.#bytes.slice(0, this.#length)
    this.#length = 0
    this.#bytes[this.#length++] = to - from
    this.#varint(body.length)
    return Buffer.concat([this.#bytes.subarray(0, this.#length), body])
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }
}

/** Decodes blocks one after the other into its own columns. */
export class BlockReader {
  readonly ids = new Uint32Array(256)
  readonly impacts = new Uint8Array(256)
  /** Postings of the block that was read last. */
  count = 0
  /** Where the next block starts. */
  at = 0
  #lastId = -1
  /** Where the varint that was read last ends. */
  #after = 0

  /** Starts a term's first block at `offset`. */
  start(offset: number): void {
    this.at = offset
    this.count = 0
    this.#lastId = -1
  }

  /**
   * Reads the block at `at`, unless all its ids are below `from`: then `count` is 0 and it is passed over. Answers the postings of the
   * block.
   */
  read(bytes: Uint8Array, from: number): number {
    const count = bytes[this.at]!
    const length = this.#varint(bytes, this.at + 1)
    const body = this.#after
    const span = this.#varint(bytes, body)
    this.at = body + length
    const lastId = this.#lastId + span
    this.count = lastId < from ? 0 : count
    if (lastId >= from) this.#decode(bytes, this.#after, count)
    this.#lastId = lastId
    return count
  }

  #varint(bytes: Uint8Array, start: number): number {
    let at = start
    let byte = bytes[at++]!
    let value = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!
      value |= (byte & 0x7f) << shift
    }
    this.#after = at
    return value
  }

  #decode(bytes: Uint8Array, start: number, count: number): void {
    const { ids, impacts } = this
    let at = start
    let id = this.#lastId
    for (let i = 0; i < count; i++) {
      let byte = bytes[at++]!
      let delta = byte & 0x7f
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[at++]!
        delta |= (byte & 0x7f) << shift
      }
      id += delta
      ids[i] = id
      impacts[i] = bytes[at++]!
    }
  }
}
