import { refuse } from './refusal.ts'

/** Bytes pulled once, front to back, from an iterable, with exact reads and give-back of what a decoder did not use. */
export class ByteSource {
  /** Bytes handed out and not given back. */
  position = 0
  readonly #next: () => Promise<Uint8Array | undefined>
  #held: Uint8Array | undefined

  constructor(next: () => Promise<Uint8Array | undefined>) {
    this.#next = next
  }

  /** The next non-empty chunk of any size, undefined at the end. */
  async pull(): Promise<Uint8Array | undefined> {
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      this.position += held.length
      return held
    }
    for (;;) {
      const chunk = await this.#next()
      if (chunk === undefined) return undefined
      if (chunk.length === 0) continue
      this.position += chunk.length
      return chunk
    }
  }

  /** Gives back the tail of the chunk pulled last. */
  unread(tail: Uint8Array): void {
    if (tail.length === 0) return
    if (this.#held !== undefined) throw new TypeError('only one chunk may be given back')
    this.#held = tail
    this.position -= tail.length
  }

  /** Exactly `count` bytes, or undefined when the source has ended before the first of them. */
  async readOrEnd(count: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = []
    let have = 0
    while (have < count) {
      const chunk = await this.pull()
      if (chunk === undefined) break
      const take = chunk.subarray(0, count - have)
      this.unread(chunk.subarray(take.length))
      parts.push(take)
      have += take.length
    }
    if (have === 0 && count > 0) return undefined
    if (have < count) return refuse('E_ARCHIVE_TRUNCATED', 'the archive ends in the middle of a structure')
    const only = parts.length === 1 ? parts[0] : undefined
    return only === undefined ? Buffer.concat(parts) : Buffer.from(only.buffer, only.byteOffset, only.byteLength)
  }

  /** Exactly `count` bytes; refuses E_ARCHIVE_TRUNCATED. */
  async read(count: number): Promise<Buffer> {
    return (await this.readOrEnd(count)) ?? refuse('E_ARCHIVE_TRUNCATED', 'the archive ends too early')
  }

  /** Passes exactly `count` bytes to `sink` in chunks; refuses E_ARCHIVE_TRUNCATED. */
  async pass(count: number, sink: (chunk: Uint8Array) => void): Promise<void> {
    let left = count
    while (left > 0) {
      const chunk = await this.pull()
      if (chunk === undefined) refuse('E_ARCHIVE_TRUNCATED', 'the archive ends in the middle of a file')
      const take = chunk.subarray(0, left)
      this.unread(chunk.subarray(take.length))
      left -= take.length
      sink(take)
    }
  }
}
