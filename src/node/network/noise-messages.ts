/** Cuts what a connection brings into noise messages, each in one piece of memory of its own: 64 KiB are held at most, nothing of what it is given. */
export class NoiseMessages {
  /** Of the length of a message that has begun, when no more of it is here. */
  #firstByte: number | null = null
  #room: Uint8Array | null = null
  #filled = 0

  /** The messages that these bytes complete. */
  decode(data: Uint8Array | Iterable<Uint8Array>): Uint8Array[] {
    const messages: Uint8Array[] = []
    for (const piece of data instanceof Uint8Array ? [data] : data) {
      let at = 0
      while (at < piece.byteLength)
        at = this.#room === null ? this.#begin(piece, at) : this.#fill(this.#room, piece, at, messages)
    }
    return messages
  }

  /** Takes a length and makes room for its message; returns what comes behind. */
  #begin(piece: Uint8Array, from: number): number {
    let at = from
    const first = this.#firstByte ?? piece[at++] ?? 0
    this.#firstByte = at === piece.byteLength ? first : null
    if (this.#firstByte !== null) return at
    const bytes = (first << 8) | (piece[at++] ?? 0)
    if (bytes === 0) return at
    this.#room = Buffer.allocUnsafeSlow(bytes)
    return at
  }

  #fill(room: Uint8Array, piece: Uint8Array, at: number, messages: Uint8Array[]): number {
    const taken = piece.subarray(at, at + room.byteLength - this.#filled)
    room.set(taken, this.#filled)
    this.#filled += taken.byteLength
    if (this.#filled < room.byteLength) return at + taken.byteLength
    messages.push(room)
    this.#room = null
    this.#filled = 0
    return at + taken.byteLength
  }
}
