import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Document, documentKeyOf, openSearchIndex, type SearchIndex } from '../../../src/node/index/index.ts'
import { Chance } from '../../corruption/chance.ts'
import { openDatabase, type Store, streamOf } from './documents.ts'
import { generatedPackage, misspelt } from './generated-packages.ts'
import { differencesOf, faultsOf } from './index-faults.ts'

const SEED = 20261121
const BASE = 3_000
const UPSERTS = 2_000
const DELETES = 200
const CHANGES = 200
const QUERIES_PER_CLASS = 150
/** What relevance may lose by updates. */
const TOLERANCE = 0.01

const strangeText = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength }),
    fc.constantFrom('', '__proto__', '\u0000', '軽量な包管理', 'x'.repeat(600)),
  )
const anyDocument = fc
  .record({
    ...{ publisher: strangeText(20), type: strangeText(8), name: strangeText(40), description: strangeText(80) },
    ...{ keywords: fc.array(strangeText(12), { maxLength: 70 }), license: strangeText(12), version: strangeText(9) },
    isPublic: fc.boolean(),
    popularity: fc.oneof(fc.nat(), fc.constantFrom(0, 0.5, 1e300)),
    releasedMs: fc.oneof(fc.nat(), fc.constantFrom(0, 1_700_000_000_000, Number.MAX_SAFE_INTEGER)),
    quality: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map((parts): Document => {
    const name = `pkg:${parts.type}/${parts.name}`
    return { ...parts, package: name, key: documentKeyOf(parts.publisher, name) }
  })

const base = numbers(BASE).map(number => generatedPackage(number))
/** Three of four are new, the others replace what the base holds by another release. */
const upserted = numbers(UPSERTS).map(i => (i % 4 < 3 ? generatedPackage(BASE + i) : generatedPackage(i, 1)))
const deleted = numbers(DELETES).map(i => generatedPackage(i * 7 + 2))
const changed = numbers(CHANGES).map(i => ({
  ...generatedPackage(BASE - 1 - i * 5),
  description: `Soothes the ${wordOf(i)} of long voyages`,
}))

const expected = new Map([...base, ...upserted].map(document => [document.key, document]))
for (const { key } of deleted) expected.delete(key)
for (const document of changed) expected.set(document.key, document)
const documents = [...expected.values()]

describe('2,000 upserts, 200 deletes and 200 changed descriptions over a base', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  let store: Store
  let index: SearchIndex
  let rebuilt: SearchIndex
  beforeAll(async () => {
    const stack = new AsyncDisposableStack()
    database = stack.use(await openDatabase())
    store = database.store
    const filled = await openSearchIndex(store, { mergeAt: 1_000_000 })
    await filled.rebuild(streamOf(base))
    index = filled
    rebuilt = await openSearchIndex(stack.use(await openDatabase()).store)
    await rebuilt.rebuild(streamOf(documents))
    for (const document of [...upserted, ...changed]) await store.batch(index.upsert(document))
    for (const { key } of deleted) await store.batch(index.remove(key))
    return () => stack.disposeAsync()
  })

  it('are of packages that differ, so that none takes the place of another', () => {
    expect(new Set([...base, ...upserted].map(({ key }) => key)).size).toBe(BASE + (UPSERTS * 3) / 4)
    expect(documents).toHaveLength(BASE + (UPSERTS * 3) / 4 - DELETES)
  })

  it.each([
    ['at once', async () => {}],
    ['after a restart', async () => await reopen()],
    ['after a merge', async () => await index.merge()],
    ['after a merge and a restart', async () => await reopen()],
    ['after a rebuild', async () => await index.rebuild(streamOf(documents))],
  ])('are right %s', async (_, step) => {
    await step()
    expect(faultsOf(index, documents, SEED)).toEqual([])
    for (const [i, { key }] of changed.entries()) expect(keysOf(index, wordOf(i))[0]).toBe(key)
    for (const { key, name } of deleted) {
      expect(index.lookup(key)).toBeNull()
      expect(keysOf(index, name)).not.toContain(key)
    }
    for (const { key, name } of upserted.filter(({ key }, i) => i % 5 === 0 && expected.has(key)))
      expect(keysOf(index, name)[0]).toBe(key)
    for (const [name, queries] of Object.entries(knownItems())) {
      const [now, whole] = [relevanceOf(index, queries), relevanceOf(rebuilt, queries)]
      expect([name, Math.abs(now - whole) <= TOLERANCE ? 'as rebuilt' : { now, whole }]).toEqual([name, 'as rebuilt'])
    }
  })

  it('end as a rebuild of what remains', () => {
    expect(differencesOf(index, rebuilt, documents, SEED)).toEqual([])
    expect(index.stats()).toEqual(rebuilt.stats())
  })

  async function reopen(): Promise<void> {
    store = await database.reopen()
    index = await openSearchIndex(store, { mergeAt: 1_000_000 })
  }
})

describe('an index', () => {
  it('whose documents are all removed is empty, merged, opened again and filled again', async () => {
    await using database = await openDatabase()
    const few = base.slice(0, 200)
    let index = await openSearchIndex(database.store)
    await index.rebuild(streamOf(few))
    for (const { key } of few) await database.store.batch(index.remove(key))
    expect(faultsOf(index, [], SEED)).toEqual([])
    expect(keysOf(index, few[0]!.name)).toEqual([])
    await index.merge()
    index = await openSearchIndex(await database.reopen())
    expect(index.stats()).toEqual({ documents: 0, terms: 0, pending: 0, needsRebuild: false })
    expect(keysOf(index, few[0]!.name)).toEqual([])
    await index.rebuild(streamOf(few))
    expect(faultsOf(index, few, SEED)).toEqual([])
  })

  it('takes the same document twice, and one that came and went before it was merged', async () => {
    await using database = await openDatabase()
    const { store } = database
    await using index = await openSearchIndex(store)
    const [first, second] = [base[0]!, base[1]!]
    for (const document of [first, second, first]) await store.batch(index.upsert(document))
    await store.batch(index.remove(second.key))
    await store.batch(index.remove(second.key))
    for (const _ of ['in memory', 'merged']) {
      expect(faultsOf(index, [first], SEED)).toEqual([])
      await index.merge()
    }
    await store.batch(index.upsert(second))
    expect(faultsOf(index, [first, second], SEED)).toEqual([])
  })
})

describe('a document', () => {
  it('comes back as it was, whatever it says: from memory, merged, and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyDocument, { selector: ({ key }) => key, maxLength: 20 }), async strange => {
        await using database = await openDatabase()
        let index = await openSearchIndex(database.store)
        for (const document of strange) await database.store.batch(index.upsert(document))
        for (const step of [
          () => index.merge(),
          async () => (index = await openSearchIndex(await database.reopen())),
        ]) {
          for (const document of strange) expect(index.lookup(document.key)).toEqual(document)
          await step()
        }
        for (const document of strange) expect(index.lookup(document.key)).toEqual(document)
        expect(index.stats()).toMatchObject({ documents: strange.length, needsRebuild: false })
      }),
      { numRuns: 25 },
    )
  })
})

interface KnownItem {
  readonly text: string
  readonly key: string
}

/** Queries whose one right answer is known, by what they are made of. */
function knownItems(): Record<'name' | 'typo' | 'description' | 'beginning', KnownItem[]> {
  const chance = new Chance(SEED)
  const queriesOf = (textOf: (document: Document) => string): KnownItem[] =>
    numbers(QUERIES_PER_CLASS).map(() => {
      const document = chance.pick(documents)
      return { text: textOf(document), key: document.key }
    })
  return {
    name: queriesOf(({ name }) => name),
    typo: queriesOf(({ name }) => misspelt(name, chance)),
    description: queriesOf(({ description }) => description.split(' ').slice(1).join(' ')),
    beginning: queriesOf(({ name }) => name.slice(0, -2)),
  }
}

/** Mean reciprocal rank within the first 10. */
function relevanceOf(index: SearchIndex, queries: readonly KnownItem[]): number {
  const ranks = queries.map(({ text, key }) => keysOf(index, text).indexOf(key))
  return ranks.reduce((sum, rank) => sum + (rank < 0 ? 0 : 1 / (rank + 1)), 0) / queries.length
}

function keysOf(index: SearchIndex, text: string): string[] {
  return index.search({ text, limit: 10 }).map(({ document }) => document.key)
}

/** A word that stands nowhere else, at least two letters from every other. */
function wordOf(i: number): string {
  const letters = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8].map(digit => 'abcdfghj'[digit]!)
  return `qu${letters.map(letter => letter.repeat(2)).join('')}x`
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
