import { areNeighbours } from './keyboard.ts'
import { MIN_SAME_LETTERS, MIN_SLIP_LETTERS, MIN_STRAY_LETTERS } from './limits.ts'
import { lettersOf, plainOf, readingOf } from './skeleton.ts'

/** How a name was made from another one, in words; null: they do not look alike. Both are names of one ecosystem, and differ. */
export function likenessOf(name: string, trusted: string): string | null {
  const [given, known] = [plainOf(name), plainOf(trusted)]
  const letters = lettersOf(known)
  if (letters.length < MIN_SAME_LETTERS) return null
  const same = sameLettersOf(name, trusted, given, known)
  if (same !== null) return same
  return letters.length < MIN_SLIP_LETTERS ? null : slipOf(given, known, letters.length)
}

/** The same letters in the same order, written otherwise. */
function sameLettersOf(name: string, trusted: string, given: string, known: string): string | null {
  if (given === known) return name.toLowerCase() === trusted.toLowerCase() ? 'another case' : LOOKALIKE_LETTERS
  const [a, b] = [lettersOf(given), lettersOf(known)]
  if (a === b) return isScoped(name) || isScoped(trusted) ? 'its scope written otherwise' : 'its separators moved'
  return readingOf(a) === readingOf(b) ? LOOKALIKE_LETTERS : null
}

const LOOKALIKE_LETTERS = 'letters that look alike'
const isScoped = (name: string): boolean => name.startsWith('@')

/** One slip of the fingers between two plain names; digits and separators are no letters, and tell versions and families apart. */
function slipOf(given: string, known: string, letters: number): string | null {
  const start = commonStart(given, known)
  const end = commonEnd(given, known, start)
  const [a, b] = [given.slice(start, given.length - end), known.slice(start, known.length - end)]
  if (!/^[a-z]*$/.test(a + b)) return null
  if (a.length === 2 && b.length === 2) return a[0] === b[1] && a[1] === b[0] ? 'two letters swapped' : null
  if (a.length === 0 && b.length === 1)
    return letters > MIN_SLIP_LETTERS || isRepeat(known, start) ? 'a letter left out' : null
  if (a.length === 1 && b.length === 0 && isRepeat(given, start)) return 'a letter repeated'
  if (letters < MIN_STRAY_LETTERS) return null
  if (a.length === 1 && b.length === 0) return 'a letter added'
  return a.length === 1 && b.length === 1 && areNeighbours(a, b) ? 'a neighbouring key' : null
}

/** Whether the letter at a place stands beside its like. */
const isRepeat = (text: string, at: number): boolean => text[at] === text[at - 1] || text[at] === text[at + 1]

function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count++
  return count
}

function commonEnd(a: string, b: string, start: number): number {
  const most = Math.min(a.length, b.length) - start
  let count = 0
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count++
  return count
}
