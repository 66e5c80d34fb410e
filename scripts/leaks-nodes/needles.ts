/** Bytes that must not be found, by what they are of. */
export interface Needle {
  readonly what: string
  readonly bytes: Buffer
}

export interface Found {
  readonly what: string
  readonly where: string
  readonly at: number
}

/** Shortest needle: what is shorter is found by chance. */
const MIN_NEEDLE_BYTES = 6

/** Finds any of many needles: by the last four bytes of each, which differ more than the first. */
export class Needles {
  readonly #byTail = new Map<number, Needle[]>()
  /** Which last two bytes any needle has. */
  readonly #tails = new Uint8Array(65_536)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(what: string, bytes: Buffer): void {
    if (bytes.length < MIN_NEEDLE_BYTES) throw new TypeError(`too short to look for: ${what}`)
    const tail = bytes.readUInt32LE(bytes.length - 4)
    const same = this.#byTail.get(tail) ?? []
    this.#byTail.set(tail, [...same, { what, bytes }])
    this.#tails[bytes.readUInt16LE(bytes.length - 2)] = 1
    this.#count++
  }

  findIn(where: string, hay: Buffer): Found[] {
    const found: Found[] = []
    for (let end = MIN_NEEDLE_BYTES; end <= hay.length; end++) {
      if (this.#tails[hay[end - 2]! | (hay[end - 1]! << 8)] === 0) continue
      for (const { what, bytes } of this.#byTail.get(hay.readUInt32LE(end - 4)) ?? []) {
        const at = end - bytes.length
        if (at >= 0 && hay.compare(bytes, 0, bytes.length, at, end) === 0) found.push({ what, where, at })
      }
    }
    return found
  }
}
