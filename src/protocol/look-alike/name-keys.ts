import { lettersOf, plainOf, readingOf } from './skeleton.ts'

/** Letters up to which keys with one left out are made: longer names are compared as they are read alone. */
const MAX_KEYED_LETTERS = 64
/** Keys of one name at most. */
export const MAX_KEYS = MAX_KEYED_LETTERS + 2

/** An odd number whose powers spread over 32 bits. */
const BASE = 0x01000193
const prefixes = new Uint32Array(MAX_KEYED_LETTERS + 1)

/**
 * Writes the keys of a name and says how many there are: hashes of its letters, of how they read, and of each rest with one
 * letter left out. Two names within one slip share a key, because leaving the letters of the slip out makes them the same
 * (deletion neighbourhood).
 */
export function keysOf(name: string, into: Uint32Array): number {
  const letters = lettersOf(plainOf(name))
  let count = 0
  into[count++] = mixed(hashOf(letters))
  const reading = readingOf(letters)
  if (reading !== letters) into[count++] = mixed(hashOf(reading))
  const { length } = letters
  if (length > MAX_KEYED_LETTERS) return count
  for (let at = 0; at < length; at++) prefixes[at + 1] = step(prefixes[at]!, letters.charCodeAt(at))
  // From the right: `suffix` is the hash of what stands right of the letter left out, `power` is BASE to its length.
  let suffix = 0
  let power = 1
  for (let left = length - 1; left >= 0; left--) {
    const letter = letters.charCodeAt(left)
    // The first of two like letters leaves the same rest as the second.
    if (letter !== letters.charCodeAt(left + 1)) into[count++] = mixed(Math.imul(prefixes[left]!, power) + suffix)
    suffix = (Math.imul(letter, power) + suffix) | 0
    power = Math.imul(power, BASE)
  }
  return count
}

/** A polynomial in BASE, modulo 2^32. */
function hashOf(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = step(hash, text.charCodeAt(at))
  return hash
}

const step = (hash: number, unit: number): number => (Math.imul(hash, BASE) + unit) | 0

/** Spreads every bit over all others (murmur3's finaliser): the lowest choose the bucket. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
