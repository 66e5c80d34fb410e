import { UNASSIGNED_DELTAS } from './unicode-17.ts'

/** Sorted first code points of runs; at even indexes a run of unassigned ones begins, at odd ones it ends. */
const BOUNDARIES = boundariesOf(UNASSIGNED_DELTAS)
const FIRST_UNASSIGNED = BOUNDARIES[0] ?? 0
// biome-ignore lint/suspicious/noControlCharactersInRegex: the fast path is exactly the ASCII characters
const ASCII = /^[\u0000-\u007f]*$/
const BYTE_ORDER_MARK = '\ufeff'
/** Printable ASCII: what nearly all names are, and clean. */
const PLAIN = /^[ -~]+$/
/** Control, line separator and bidi characters: what can make a name look like another. */
const UNCLEAN = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u

/** Whether a code point is unassigned in Unicode 17.0, whatever version the runtime has. */
export function isUnassigned(codePoint: number): boolean {
  if (codePoint < FIRST_UNASSIGNED) return false
  let low = 0
  let high = BOUNDARIES.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((BOUNDARIES[middle] ?? 0) <= codePoint) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/** Whether a string is text of the profile: well-formed, NFC of Unicode 17.0, nothing unassigned, no byte-order mark (section 1.3). */
export function isProfileText(text: string): boolean {
  if (ASCII.test(text)) return true
  if (!text.isWellFormed() || text.includes(BYTE_ORDER_MARK)) return false
  for (const character of text) if (isUnassigned(character.codePointAt(0) ?? 0)) return false
  // After the check above: normalisation of assigned code points is the same in every later Unicode version.
  return text.normalize('NFC') === text
}

/** Whether a string is a name: text of the profile, not empty, without control or bidi characters (section 1.3). */
export function isCleanName(text: string): boolean {
  return PLAIN.test(text) || (text.length > 0 && !UNCLEAN.test(text) && isProfileText(text))
}

function boundariesOf(deltas: string): Uint32Array {
  let last = 0
  return Uint32Array.from(deltas.split(' '), delta => {
    last += Number.parseInt(delta, 36)
    return last
  })
}
