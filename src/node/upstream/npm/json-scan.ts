import { MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_MEMBERS } from './limits.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

/** Why a JSON text may not be parsed here, from its bytes alone, or null: parsing costs memory by values, writing by depth. */
export function jsonRefusalOf(bytes: Uint8Array): 'too deep' | 'too many values' | null {
  let depth = 0
  let values = 0
  /** Commas in the container of the second level that is open now: `versions`, `time`. */
  let members = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = endOfString(bytes, at)
    } else if (byte === COMMA) {
      values++
      if (depth === 2 && ++members > MAX_MEMBERS) return 'too many values'
    } else if ((byte | 0x20) === 0x7b) {
      values++
      if (++depth > MAX_JSON_DEPTH) return 'too deep'
      if (depth === 2) members = 0
    } else if ((byte | 0x20) === 0x7d) {
      depth--
    }
    if (values > MAX_JSON_VALUES) return 'too many values'
  }
  return null
}

/** Index behind the object that begins at `at`, or the end of the bytes. */
export function endOfObject(bytes: Uint8Array, at: number): number {
  let depth = 0
  for (let end = at; end < bytes.length; end++) {
    const byte = bytes[end]!
    if (byte === QUOTE) end = endOfString(bytes, end)
    else if ((byte | 0x20) === 0x7b) depth++
    else if ((byte | 0x20) === 0x7d && --depth === 0) return end + 1
  }
  return bytes.length
}

/** Index of the quote that ends the string begun at `at`, or the end of the bytes. */
function endOfString(bytes: Uint8Array, at: number): number {
  for (let end = at + 1; end < bytes.length; end++) {
    const byte = bytes[end]
    if (byte === BACKSLASH) end++
    else if (byte === QUOTE) return end
  }
  return bytes.length
}

/** Parses JSON text; members named `__proto__` are left out everywhere, because a later copy would make them a prototype. */
export function parseJsonSafely(text: string): unknown {
  // The key can be written with escapes; a reviver is slow, so it runs only where the text gives cause.
  if (!/__proto__|\\u005f/i.test(text)) return JSON.parse(text)
  return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value))
}
