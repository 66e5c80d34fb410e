/** Containers inside one another in npm's document: versions, manifests and what people write into them. */
const MAX_DEPTH = 64
/** Where the document has the tarball: the text `_attachments.FILE.data`. */
const ATTACHMENTS = '_attachments'
const DATA = 'data'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const [COMMA, COLON] = [0x2c, 0x3a]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]

interface Container {
  readonly isObject: boolean
  /** The key of the value that comes now. */
  key: string
  expectsKey: boolean
}

/** What a chunk was cut into: `data` is of the attachment, `rest` is the document around it. */
export interface Piece {
  readonly is: 'rest' | 'data'
  readonly bytes: Uint8Array
}

/**
 * Cuts the text of `_attachments.FILE.data` out of npm's publish document as its bytes go by, so that a tarball is never held:
 * what is left is the same document with empty data, to be parsed as JSON, which says whether it is well-formed.
 */
export class AttachmentSplitter {
  readonly #stack: Container[] = []
  #state: 'outside' | 'string' | 'escape' | 'data' = 'outside'
  /** The raw bytes of a key while it is read. */
  #key: number[] | null = null
  #attachments = 0

  /** Attachments seen; npm sends exactly one tarball. */
  get attachments(): number {
    return this.#attachments
  }

  /** @throws RangeError for what nests deeper than any document of npm's. */
  *push(chunk: Uint8Array): Generator<Piece> {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === 'data') {
        const end = chunk.indexOf(QUOTE, at)
        const stop = end < 0 ? chunk.length : end
        if (stop > at) yield { is: 'data', bytes: chunk.subarray(at, stop) }
        from = at = stop
        if (end < 0) return
        this.#state = 'outside'
        continue
      }
      if (!this.#take(chunk[at]!)) continue
      yield { is: 'rest', bytes: chunk.subarray(from, at + 1) }
      from = at + 1
    }
    if (from < chunk.length) yield { is: 'rest', bytes: chunk.subarray(from) }
  }

  /** Takes one byte of the document; true when the text of the attachment begins after it. */
  #take(byte: number): boolean {
    if (this.#state === 'escape') this.#state = 'string'
    else if (this.#state === 'string' && byte === BACKSLASH) this.#state = 'escape'
    else if (this.#state === 'string' && byte === QUOTE) return this.#endString()
    else if (this.#state === 'outside') return this.#takeOutside(byte)
    this.#key?.push(byte)
    return false
  }

  #takeOutside(byte: number): boolean {
    const top = this.#stack.at(-1)
    if (byte === QUOTE) return this.#beginString(top)
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte === OPEN_OBJECT)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#stack.pop()
    else if (byte === COMMA && top?.isObject) top.expectsKey = true
    else if (byte === COLON && top?.isObject) top.expectsKey = false
    return false
  }

  #open(isObject: boolean): void {
    if (this.#stack.length >= MAX_DEPTH) throw new RangeError('nested too deep')
    this.#stack.push({ isObject, key: '', expectsKey: isObject })
  }

  #beginString(top: Container | undefined): boolean {
    this.#key = top?.expectsKey === true ? [] : null
    if (this.#key === null && this.#isAtData()) {
      this.#attachments++
      this.#state = 'data'
      return true
    }
    this.#state = 'string'
    return false
  }

  #endString(): boolean {
    const top = this.#stack.at(-1)
    if (this.#key !== null && top !== undefined) top.key = keyOf(this.#key)
    this.#key = null
    this.#state = 'outside'
    return false
  }

  #isAtData(): boolean {
    const [root, attachments, file, ...deeper] = this.#stack
    if (root?.isObject !== true || attachments?.isObject !== true || file?.isObject !== true) return false
    return deeper.length === 0 && root.key === ATTACHMENTS && file.key === DATA
  }
}

/** A key as JSON means it: `_\u0061ttachments` is `_attachments`. */
function keyOf(raw: readonly number[]): string {
  try {
    return String(JSON.parse(`"${Buffer.from(raw).toString()}"`))
  } catch {
    return ''
  }
}
