import type { CorpusPackage } from './contender.ts'
import type { SeededRandom } from './seeded-random.ts'

const CONSONANTS = 'bcdfghjklmnpqrstvwxz'
const VOWELS = 'aeiou'

/** A package that no corpus has, made of words that the corpus has. */
export function newPackage(sample: readonly CorpusPackage[], number: number, random: SeededRandom): CorpusPackage {
  const like = random.pick(sample)!
  const word = random.pick(like.description.match(/[a-z]{3,}/g) ?? []) ?? 'package'
  const { keywords, license, type, popularity } = like
  const name = `${word}-${madeWord(random)}${number}`
  const description = mixedWords(sample, random)
  const more = { keywords, publisher: 'bench', license, type, popularity }
  return { name, version: '1.0.0', description, ...more }
}

/** A description of words that nothing else has. */
export const changedText = (number: number, random: SeededRandom): string =>
  `${madeWord(random)}${number} ${madeWord(random)} ${madeWord(random)}`

/** Words of three descriptions: a copy of one would rightly stand beside it in every answer. */
const mixedWords = (sample: readonly CorpusPackage[], random: SeededRandom): string =>
  [1, 2, 3].flatMap(() => random.shuffled(random.pick(sample)!.description.split(/\s+/)).slice(0, 3)).join(' ')

const madeWord = (random: SeededRandom): string =>
  Array.from({ length: 4 }, () => `${random.pick([...CONSONANTS])}${random.pick([...VOWELS])}`).join('')
