import { squashedOf } from '../../index/index.ts'

const BETWEEN_WORDS = /[\s\p{P}\p{S}]+/u

/**
 * Whether a query names a package: it contains the last part of the name, or some of its words one after the other are that part but
 * for case and punctuation. A misspelt name is a word like any other: else who has a private `preact` could not ask peers for `react`.
 */
export function isNamedIn(text: string, name: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1)
  if (text.toLowerCase().includes(last.toLowerCase())) return true
  const wanted = squashedOf(last)
  const words = text.split(BETWEEN_WORDS).map(squashedOf)
  return wanted !== '' && words.some((_, start) => beginsWith(words.slice(start), wanted))
}

/** Whether the first of these words, joined, are that. */
function beginsWith(words: readonly string[], wanted: string): boolean {
  let joined = ''
  for (const word of words) {
    joined += word
    if (joined.length >= wanted.length) return joined === wanted
  }
  return false
}
