import type { Chance } from './chance.ts'

/** One bit of the bytes, the other way round. */
export function flipped(bytes: Uint8Array, chance: Chance): Uint8Array {
  const spoilt = Uint8Array.from(bytes)
  const at = chance.below(spoilt.length)
  spoilt[at] = spoilt[at]! ^ (1 << chance.below(8))
  return spoilt
}

/** Two blocks in each other's place; where that changes nothing, one bit flipped. */
export function blocksSwapped(bytes: Uint8Array, chance: Chance): Uint8Array {
  const size = Math.min(chance.pick([1, 16, 512, 4_096]), bytes.length >> 1)
  const blocks = Math.floor(bytes.length / Math.max(1, size))
  const [from, to] = [chance.below(blocks) * size, chance.below(blocks) * size]
  const spoilt = Uint8Array.from(bytes)
  spoilt.set(bytes.subarray(from, from + size), to)
  spoilt.set(bytes.subarray(to, to + size), from)
  return Buffer.compare(spoilt, bytes) === 0 ? flipped(bytes, chance) : spoilt
}

/** The first bytes alone: none, some, or all but one. */
export function cutShort(bytes: Uint8Array, chance: Chance): Uint8Array {
  return bytes.subarray(0, chance.pick([0, bytes.length - 1, chance.below(bytes.length)]))
}
