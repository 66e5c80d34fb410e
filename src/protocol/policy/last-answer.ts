/** A pure question, its last answer remembered: the versions of a package are judged in a row and mostly say the same. */
export function lastAnswerOf<K, T>(answerOf: (key: K) => T): (key: K) => T {
  let last: { readonly key: K; readonly answer: T } | null = null
  return key => {
    if (last === null || last.key !== key) last = { key, answer: answerOf(key) }
    return last.answer
  }
}
