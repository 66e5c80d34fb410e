import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** A package that a node of the benchmark holds. */
export interface MadePackage {
  /** Package URL with version. */
  readonly purl: string
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
}

/** A question and the package it is about. */
export interface Question {
  readonly text: string
  readonly purl: string
  readonly is: 'name' | 'words'
}

const NPM_NAME = /^[a-z0-9][a-z0-9._-]{0,100}$/

/** Numbers below 1, the same in every run (xorshift). */
export function seededRandom(seed = 0x2545f491): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Packages made up of syllables: names of two or three words, descriptions of eight of 4,000 words. */
export function madeUpPackages(count: number, random: () => number): MadePackage[] {
  const syllables =
    'ba be bo ca co da de do fa fi ga go ha in ka ki la le lo ma mi mo na ne no pa pe po ra re ri ro'.split(' ')
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!
  const word = () => Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables)).join('')
  const words = Array.from({ length: 4_000 }, word)
  const names = new Set<string>()
  while (names.size < count)
    names.add(Array.from({ length: 2 + Math.floor(random() * 2) }, () => pick(words)).join('-'))
  return [...names].map(name => ({
    ...{ name, purl: `pkg:npm/${name}@1.0.0`, keywords: [pick(words), pick(words)] },
    description: Array.from({ length: 8 }, () => pick(words)).join(' '),
  }))
}

/** The first packages of a corpus, one JSON document a line, whose names npm could have. */
export async function packagesOf(corpus: string, count: number): Promise<MadePackage[]> {
  const packages = new Map<string, MadePackage>()
  const unpacked = createReadStream(corpus).pipe(createGunzip())
  for await (const line of createInterface({ input: unpacked })) {
    const { name, description = '', keywords = [] } = JSON.parse(line) as Partial<MadePackage> & { name: string }
    const short = {
      description: description.slice(0, 500),
      keywords: keywords.slice(0, 20).map(each => each.slice(0, 50)),
    }
    if (NPM_NAME.test(name)) packages.set(name, { name, purl: `pkg:npm/${name}@1.0.0`, ...short })
    if (packages.size === count) break
  }
  return [...packages.values()]
}

/** Half of them exact names, half three or four words of a description. */
export function questionsAbout(packages: readonly MadePackage[], count: number, random: () => number): Question[] {
  const wordsOf = ({ description }: MadePackage) => [...new Set(description.toLowerCase().match(/[a-z]{4,}/g))]
  const telling = packages.filter(made => wordsOf(made).length >= 4)
  return Array.from({ length: count }, (_, i) => {
    const made = telling[Math.floor(random() * telling.length)]!
    if (i % 2 === 0) return { text: made.name, purl: made.purl, is: 'name' }
    const words = wordsOf(made).toSorted((a, b) => b.length - a.length)
    return { text: words.slice(0, 3 + (i % 4 === 1 ? 1 : 0)).join(' '), purl: made.purl, is: 'words' }
  })
}
