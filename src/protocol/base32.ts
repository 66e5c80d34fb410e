/** RFC 4648 section 6 in lower case, as character codes. */
const ALPHABET = Buffer.from('abcdefghijklmnopqrstuvwxyz234567')
const MULTIBASE_PREFIX = 0x62

/** The text of a CIDv1: `b` and its bytes in base32 without padding. */
export function base32CidOf(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(1 + Math.ceil((bytes.length * 8) / 5))
  text[0] = MULTIBASE_PREFIX
  let at = 1
  let waiting = 0
  let bits = 0
  for (const byte of bytes) {
    waiting = ((waiting << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text[at++] = ALPHABET[(waiting >>> bits) & 31]!
    }
  }
  if (bits > 0) text[at] = ALPHABET[(waiting << (5 - bits)) & 31]!
  return text.toString('latin1')
}

/** Value of each character code of the alphabet. */
const VALUES = new Uint8Array(128)
for (const [value, code] of ALPHABET.entries()) VALUES[code] = value

/** The bytes of a CIDv1 in its canonical text, which is not checked again. */
export function bytesOfBase32Cid(text: string): Uint8Array {
  const bytes = new Uint8Array(((text.length - 1) * 5) >>> 3)
  let at = 0
  let waiting = 0
  let bits = 0
  for (let i = 1; i < text.length; i++) {
    waiting = ((waiting << 5) | VALUES[text.charCodeAt(i)]!) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = waiting >>> bits
  }
  return bytes
}
