import { editDistance, letterMaskOf, mayBeWithin } from './edit-distance.ts'

/** Where a term's postings are: in pages from `page` at `offset`, or, at df 1, the document id and impact themselves. */
export interface DictionaryEntry {
  readonly term: string
  readonly df: number
  readonly page: number
  readonly offset: number
  /** Lowest, so most popular, document id. */
  readonly best: number
}

/** A term near what was typed. */
export interface NearTerm {
  readonly term: string
  readonly distance: number
  readonly best: number
}

const COLUMNS = 4
/** Terms that a prefix looks at: a range of more says nothing about what was meant. */
const MAX_PREFIX_SCAN = 8192

/** All terms of the base in memory, sorted by their bytes: about 40 bytes a term. */
export class Dictionary {
  readonly count: number
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array
  /** df, page, offset, best of each term. */
  readonly #columns: Uint32Array
  readonly #masks: Uint32Array

  constructor(bytes: Uint8Array, lengths: Uint8Array, columns: Uint32Array) {
    this.count = lengths.length
    this.#bytes = bytes
    this.#columns = columns
    this.#starts = new Uint32Array(lengths.length + 1)
    this.#masks = new Uint32Array(lengths.length)
    let at = 0
    for (let i = 0; i < lengths.length; i++) {
      this.#starts[i] = at
      at += lengths[i]!
      this.#masks[i] = letterMaskOf(bytes.subarray(this.#starts[i], at))
    }
    this.#starts[lengths.length] = at
  }

  entryOf(term: string): DictionaryEntry | null {
    const wanted = Buffer.from(term)
    const at = this.#lowerBound(wanted)
    return at < this.count && Buffer.compare(this.#termBytes(at), wanted) === 0 ? this.#entryAt(at) : null
  }

  /** Terms that start with `prefix`, without the prefix itself. */
  withPrefix(prefix: string): NearTerm[] {
    const wanted = Buffer.from(prefix)
    const found: NearTerm[] = []
    const from = this.#lowerBound(wanted)
    for (let i = from; i < Math.min(this.count, from + MAX_PREFIX_SCAN); i++) {
      const bytes = this.#termBytes(i)
      if (Buffer.compare(bytes.subarray(0, wanted.length), wanted) !== 0) break
      if (bytes.length > wanted.length) found.push(this.#near(i, 0))
    }
    return found
  }

  /** Terms 1 to `limit` edits away. */
  within(word: string, limit: number): NearTerm[] {
    const wanted = Buffer.from(word)
    const mask = letterMaskOf(wanted)
    const found: NearTerm[] = []
    for (let i = 0; i < this.count; i++) {
      if (!mayBeWithin(mask, this.#masks[i]!, limit)) continue
      if (Math.abs(this.#starts[i + 1]! - this.#starts[i]! - wanted.length) > limit) continue
      const distance = editDistance(wanted, this.#termBytes(i), limit)
      if (distance > 0 && distance <= limit) found.push(this.#near(i, distance))
    }
    return found
  }

  #near(at: number, distance: number): NearTerm {
    return { term: this.#textAt(at), distance, best: this.#columns[at * COLUMNS + 3]! }
  }

  #entryAt(at: number): DictionaryEntry {
    const [df, page, offset, best] = this.#columns.subarray(at * COLUMNS, at * COLUMNS + COLUMNS)
    return { term: this.#textAt(at), df: df!, page: page!, offset: offset!, best: best! }
  }

  #textAt(at: number): string {
    return Buffer.from(this.#termBytes(at)).toString('utf8')
  }

  #termBytes(at: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[at], this.#starts[at + 1])
  }

  #lowerBound(wanted: Uint8Array): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Buffer.compare(this.#termBytes(middle), wanted) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Stored page: u32 count, columns, lengths, bytes; entries sorted by the bytes of their terms. */
export function encodeDictionaryPage(entries: readonly DictionaryEntry[]): Uint8Array {
  const terms = entries.map(entry => Buffer.from(entry.term))
  const columns = Uint32Array.from(entries.flatMap(({ df, page, offset, best }) => [df, page, offset, best]))
  return Buffer.concat([
    new Uint8Array(Uint32Array.of(entries.length).buffer),
    new Uint8Array(columns.buffer),
    Uint8Array.from(terms, term => term.length),
    ...terms,
  ])
}

/** The dictionary that these pages hold. */
export function dictionaryOf(pages: readonly Uint8Array[]): Dictionary {
  const parts = pages.map(page => {
    const count = new DataView(page.buffer, page.byteOffset).getUint32(0, true)
    const lengthsAt = 4 + count * COLUMNS * 4
    return {
      columns: new Uint32Array(page.slice(4, lengthsAt).buffer),
      lengths: page.subarray(lengthsAt, lengthsAt + count),
      bytes: page.subarray(lengthsAt + count),
    }
  })
  return new Dictionary(
    Buffer.concat(parts.map(part => part.bytes)),
    Buffer.concat(parts.map(part => part.lengths)),
    joinColumns(parts.map(part => part.columns)),
  )
}

function joinColumns(parts: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
