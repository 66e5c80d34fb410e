const MARK: unique symbol = Symbol.for('@achingbrain/uint8arraylist') as never

/** Pieces of memory one behind the other, as libp2p takes them: it knows lists by this mark. */
export class Parts implements Iterable<Uint8Array> {
  readonly [MARK] = true
  readonly bufs: readonly Uint8Array[]
  readonly byteLength: number

  constructor(bufs: readonly Uint8Array[], byteLength: number) {
    this.bufs = bufs
    this.byteLength = byteLength
  }

  get length(): number {
    return this.byteLength
  }

  /** All of it in one piece. */
  subarray(): Uint8Array {
    return Buffer.concat(this.bufs, this.byteLength)
  }

  [Symbol.iterator](): Iterator<Uint8Array> {
    return this.bufs[Symbol.iterator]()
  }
}
