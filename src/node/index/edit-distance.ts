/** Optimal string alignment: insert, delete, replace and swap of neighbours cost 1; answers `limit + 1` for anything above `limit`. */
export function editDistance(a: Uint8Array, b: Uint8Array, limit: number): number {
  const width = b.length + 1
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before = new Uint16Array(width)
  let previous = Uint16Array.from({ length: width }, (_, j) => j)
  let current = new Uint16Array(width)
  for (let i = 1; i <= a.length; i++) {
    current[0] = i
    let best = i
    for (let j = 1; j < width; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replace, previous[j]! + 1, current[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      current[j] = cost
      if (cost < best) best = cost
    }
    if (best > limit) return limit + 1
    const oldest = before
    before = previous
    previous = current
    current = oldest
  }
  return Math.min(previous[b.length]!, limit + 1)
}

/** One bit per letter class of a term; each edit changes at most two bits, so it rules most terms out cheaply. */
export function letterMaskOf(term: Uint8Array): number {
  let mask = 0
  for (const byte of term) mask |= 1 << (byte & 31)
  return mask
}

/** Whether two terms with these masks may be within `limit` edits. */
export const mayBeWithin = (a: number, b: number, limit: number): boolean => bitCount(a ^ b) <= 2 * limit

function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
