/** Decodes base64 that comes in pieces, strictly: no white space, padding at the end alone. */
export class Base64Decoder {
  #rest = ''
  #ended = false

  /** The bytes that are complete now; null for what is no base64. */
  push(ascii: Uint8Array): Buffer | null {
    const text = this.#rest + Buffer.from(ascii.buffer, ascii.byteOffset, ascii.length).toString('latin1')
    const whole = text.length - (text.length % 4)
    this.#rest = text.slice(whole)
    const part = text.slice(0, whole)
    if (part === '') return Buffer.alloc(0)
    if (this.#ended || !/^[A-Za-z0-9+/]*={0,2}$/.test(part)) return null
    this.#ended = part.endsWith('=')
    return Buffer.from(part, 'base64')
  }

  /** Whether everything given was decoded. */
  get isWhole(): boolean {
    return this.#rest === ''
  }
}
