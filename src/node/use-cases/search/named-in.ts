import { squashedOf } from '../../index/index.ts'

/** Words of a query that are looked at, from its start; the search itself reads no more tokens. */
const MAX_WORDS = 16

/**
 * Whether a query names a package: it contains the last part of the name, or some of its words one after the other are that part but
 * for case and punctuation. A misspelt name is a word like any other: else who has a private `preact` could not ask peers for `react`.
 */
export function isNamedIn(text: string, name: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1)
  if (text.toLowerCase().includes(last.toLowerCase())) return true
  const wanted = squashedOf(last)
  if (wanted === '') return false
  const words = text.split(/[\s\p{P}\p{S}]+/u).slice(0, MAX_WORDS)
  return words.some((_, i) => words.some((_, j) => j >= i && squashedOf(words.slice(i, j + 1).join(' ')) === wanted))
}
