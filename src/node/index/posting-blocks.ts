import { BLOCK_POSTINGS } from './limits.ts'

/**
 * A block holds up to 128 postings in ascending document id:
 * count byte, varint of (last id - previous block's last id), maximal impact byte,
 * then per posting varint of the id's delta and its impact byte.
 */
export interface Postings {
  readonly ids: readonly number[]
  /** 1 to 255, in the order of `ids`. */
  readonly impacts: readonly number[]
}

/** The blocks of one term; the first delta counts from id -1. */
export function encodePostingBlocks(postings: Postings): Uint8Array[] {
  const blocks: Uint8Array[] = []
  let previousId = -1
  for (let from = 0; from < postings.ids.length; from += BLOCK_POSTINGS) {
    const to = Math.min(from + BLOCK_POSTINGS, postings.ids.length)
    blocks.push(encodeBlock(postings, from, to, previousId))
    previousId = postings.ids[to - 1]!
  }
  return blocks
}

/** Calls `visit(id, impact)` for each posting of the block at `offset` and answers where the next block starts and its last id. */
export function readPostingBlock(
  bytes: Uint8Array,
  offset: number,
  previousId: number,
  visit: (id: number, impact: number) => void,
): { readonly next: number; readonly lastId: number; readonly count: number } {
  const count = bytes[offset]!
  let at = offset + 1
  while (bytes[at]! >= 0x80) at++
  at += 2
  let id = previousId
  for (let i = 0; i < count; i++) {
    let delta = 0
    let shift = 0
    let byte = bytes[at++]!
    while (byte >= 0x80) {
      delta |= (byte & 0x7f) << shift
      shift += 7
      byte = bytes[at++]!
    }
    id += delta | (byte << shift)
    visit(id, bytes[at++]!)
  }
  return { next: at, lastId: id, count }
}

function encodeBlock(postings: Postings, from: number, to: number, previousId: number): Uint8Array {
  const out: number[] = [to - from]
  pushVarint(out, postings.ids[to - 1]! - previousId)
  let maximum = 0
  for (let i = from; i < to; i++) maximum = Math.max(maximum, postings.impacts[i]!)
  out.push(maximum)
  let id = previousId
  for (let i = from; i < to; i++) {
    pushVarint(out, postings.ids[i]! - id)
    out.push(postings.impacts[i]!)
    id = postings.ids[i]!
  }
  return Uint8Array.from(out)
}

function pushVarint(out: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  out.push(rest)
}
