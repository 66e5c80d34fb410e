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
