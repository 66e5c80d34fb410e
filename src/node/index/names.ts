/** Names of a base in memory, in the order of document ids, and sorted without regard to case: about 27 bytes a name. */
export class Names {
  readonly count: number
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array
  /** Document ids, sorted by folded name. */
  readonly #sorted: Uint32Array

  constructor(bytes: Uint8Array, lengths: Uint16Array, sorted: Uint32Array) {
    this.count = lengths.length
    this.#bytes = bytes
    this.#sorted = sorted
    this.#starts = new Uint32Array(lengths.length + 1)
    for (let i = 0; i < lengths.length; i++) this.#starts[i + 1] = this.#starts[i]! + lengths[i]!
  }

  nameOf(id: number): string {
    const start = this.#starts[id]!
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#starts[id + 1]! - start).toString(
      'utf8',
    )
  }

  /** The document with exactly this name that is meant, or null; many publishers may have a package of one name. */
  called(name: string, isMeant: (id: number) => boolean): number | null {
    const wanted = foldedBytesOf(name)
    for (let i = this.#lowerBound(wanted); i < this.count; i++) {
      const id = this.#sorted[i]!
      if (this.#compare(id, wanted, Number.POSITIVE_INFINITY) !== 0) break
      if (isMeant(id) && this.nameOf(id) === name) return id
    }
    return null
  }

  /** At most `most` documents whose name is this, whatever the case, and as many whose name starts so, the most popular first. */
  withPrefix(prefix: string, most: number, mayShow: (id: number) => boolean): number[] {
    const wanted = foldedBytesOf(prefix)
    const called: number[] = []
    const begun: number[] = []
    const end = this.#firstWhere(id => this.#compare(id, wanted, wanted.length) > 0)
    for (let i = this.#lowerBound(wanted); i < end; i++) {
      const id = this.#sorted[i]!
      const isWhole = this.#starts[id + 1]! - this.#starts[id]! === wanted.length
      offerLowest(isWhole ? called : begun, id, most, mayShow)
    }
    return [...called, ...begun]
  }

  /** Orders a name, or its first `most` bytes, against folded bytes. */
  #compare(id: number, wanted: Uint8Array, most: number): number {
    const start = this.#starts[id]!
    const length = Math.min(this.#starts[id + 1]! - start, most)
    const common = Math.min(length, wanted.length)
    for (let i = 0; i < common; i++) {
      const difference = folded(this.#bytes[start + i]!) - wanted[i]!
      if (difference !== 0) return difference
    }
    return length - wanted.length
  }

  #lowerBound(wanted: Uint8Array): number {
    return this.#firstWhere(id => this.#compare(id, wanted, Number.POSITIVE_INFINITY) >= 0)
  }

  /** Place of the first name that `isThere`, which holds for all after it too. */
  #firstWhere(isThere: (id: number) => boolean): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isThere(this.#sorted[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** UTF-8 of a name with A to Z in lower case: the order of `Names`. */
export function foldedBytesOf(name: string): Uint8Array {
  return Buffer.from(name).map(folded)
}

const folded = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)

/** Keeps the lowest `most` ids in ascending order; asks about an id only when it would stay. */
function offerLowest(found: number[], id: number, most: number, mayShow: (id: number) => boolean): void {
  if (found.length >= most && id >= found[found.length - 1]!) return
  if (!mayShow(id)) return
  if (found.length >= most) found.pop()
  let place = found.length
  while (place > 0 && found[place - 1]! > id) place--
  found.splice(place, 0, id)
}
