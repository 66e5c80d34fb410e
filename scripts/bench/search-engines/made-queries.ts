import type { CorpusPackage } from './contender.ts'
import type { AskedQuery } from './query-file.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Queries from names and descriptions at random, to warm every engine alike; those in `taken` are left out. */
export function warmUpQueries(
  sample: readonly CorpusPackage[],
  count: number,
  taken: ReadonlySet<string>,
  random: SeededRandom,
): AskedQuery[] {
  const made: AskedQuery[] = []
  for (let tries = 0; made.length < count && tries < count * 4; tries++) {
    const source = random.pick(sample)
    const text = source === undefined ? '' : madeFrom(source, random)
    if (text !== '' && !taken.has(text)) made.push({ text, filter: {} })
  }
  return made
}

function madeFrom({ name, description }: CorpusPackage, random: SeededRandom): string {
  const words = description.split(/\s+/).filter(word => word.length > 2)
  const kinds = [
    () => name,
    () => name.slice(0, 2 + random.below(6)),
    () => mistyped(name, random),
    () => random.shuffled(words).slice(0, 3).join(' '),
    () => words.slice(0, 12).join(' '),
  ]
  return random.pick(kinds)?.() ?? ''
}

/** One letter left out or two swapped. */
function mistyped(name: string, random: SeededRandom): string {
  const at = random.below(Math.max(1, name.length - 1))
  if (random.below(2) === 0) return name.slice(0, at) + name.slice(at + 1)
  return name.slice(0, at) + (name[at + 1] ?? '') + name[at] + name.slice(at + 2)
}
