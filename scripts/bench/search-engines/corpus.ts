import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { CorpusPackage } from './contender.ts'
import { InputError } from './input-error.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Streams the packages of a gzipped file with one JSON object on each line. @throws InputError naming the line */
export async function* corpusPackages(file: string): AsyncGenerator<CorpusPackage> {
  const source = createReadStream(file)
  const text = source.pipe(createGunzip())
  source.on('error', error => text.destroy(error))
  let number = 0
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (line.trim() !== '') yield packageOf(line, number)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${file} cannot be read as gzip: ${(error as Error).message}`, { cause: error })
  }
  if (number === 0) throw new InputError(`${file} holds no packages`)
}

/** What the bench itself needs of a corpus. */
export interface CorpusSample {
  readonly packages: number
  /** Picked evenly, in random order. */
  readonly sample: readonly CorpusPackage[]
}

/** Reads the whole corpus once, which also checks it, and keeps `size` of its packages. */
export async function sampleOf(file: string, size: number, random: SeededRandom): Promise<CorpusSample> {
  const sample: CorpusPackage[] = []
  let packages = 0
  for await (const each of corpusPackages(file)) {
    packages++
    if (sample.length < size) sample.push(each)
    else {
      const at = random.below(packages)
      if (at < size) sample[at] = each
    }
  }
  return { packages, sample: random.shuffled(sample) }
}

function packageOf(line: string, number: number): CorpusPackage {
  const row = objectOf(line, number)
  if (typeof row.name !== 'string' || row.name === '') throw new InputError(`line ${number} of the corpus has no name`)
  return {
    name: row.name,
    version: textOf(row, 'version', number),
    description: textOf(row, 'description', number),
    keywords: keywordsOf(row.keywords, number),
    publisher: textOf(row, 'publisher', number),
    license: textOf(row, 'license', number),
    type: textOf(row, 'type', number) || 'generic',
    popularity: popularityOf(row.popularity, number),
  }
}

type Row = Readonly<Record<string, unknown>>

function objectOf(line: string, number: number): Row {
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch (error) {
    throw new InputError(`line ${number} of the corpus is no JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row
  throw new InputError(`line ${number} of the corpus is no JSON object`)
}

function textOf(row: Row, field: string, number: number): string {
  const value = row[field] ?? ''
  if (typeof value === 'string') return value
  throw new InputError(`line ${number} of the corpus: ${field} is no text`)
}

function keywordsOf(value: unknown, number: number): readonly string[] {
  const keywords = value ?? []
  if (Array.isArray(keywords) && keywords.every(each => typeof each === 'string')) return keywords
  throw new InputError(`line ${number} of the corpus: keywords is no list of texts`)
}

function popularityOf(value: unknown, number: number): number {
  const popularity = value ?? 0
  if (typeof popularity === 'number' && popularity >= 0 && Number.isFinite(popularity)) return popularity
  throw new InputError(`line ${number} of the corpus: popularity is no number of at least 0`)
}
