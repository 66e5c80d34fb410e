import { expect, it } from 'vitest'
import { type Document, openSearchIndex, type SearchStore } from '../../../src/node/index/index.ts'
import { MAX_REFUSED, MAX_TYPO_EFFORT } from '../../../src/node/index/limits.ts'
import { documentOf, namesOf, openDatabase, streamOf } from './documents.ts'

async function indexOf(documents: readonly Document[]) {
  const database = await openDatabase()
  const index = await openSearchIndex(database.store)
  await index.rebuild(streamOf(documents))
  return {
    index,
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

it('a word that every hit must have is looked for in all documents, however many better ones lack it', async () => {
  const louder = Array.from({ length: 3_000 }, (_, i) => documentOf(`loud${i}`, 'parser parser', { popularity: 9_000 }))
  const meant = Array.from({ length: 70 }, (_, i) =>
    documentOf(`meant${i}`, 'a parser that is small and for yaml and other things', { keywords: ['yaml'] }),
  )
  const others = Array.from({ length: 4_000 }, (_, i) => documentOf(`other${i}`, 'yaml', { publisher: 'other' }))
  await using all = await indexOf([...louder, ...meant, ...others])
  const hits = all.index.search({ text: 'parser', limit: 100, filter: { keywords: ['yaml'] } })
  expect(hits).toHaveLength(meant.length)
})

it('common words count for documents that pass the filter, however many better ones do not', async () => {
  const words = 'common words stand here'
  const louder = Array.from({ length: 3_000 }, (_, i) =>
    documentOf(`loud${i}`, `rare ${words}`, { popularity: 9_000, type: 'pypi' }),
  )
  const meant = Array.from({ length: 200 }, (_, i) => documentOf(`meant${i}`, i === 150 ? `rare ${words}` : 'rare'))
  const others = Array.from({ length: 6_000 }, (_, i) => documentOf(`other${i}`, words, { type: 'pypi' }))
  await using all = await indexOf([...louder, ...meant, ...others])
  const hits = all.index.search({ text: 'rare common', limit: 5, filter: { types: ['npm'] } })
  expect(hits[0]!.document.name).toBe('meant150')
})

it('a query throws away what it added up when it fails', async () => {
  const documents = Array.from({ length: 200 }, (_, i) => documentOf(`package${i}`, 'alike'))
  await using all = await indexOf(documents)
  const failing = () => {
    throw new RangeError('no answer')
  }
  const asked = () => namesOf(all.index, 'alike', 100)
  const before = asked()
  expect(() => all.index.search({ text: 'alike', limit: 100, mayShow: failing })).toThrow('no answer')
  expect(asked()).toEqual(before)
})

it('documents are read in vain only so often', async () => {
  const documents = Array.from({ length: 2_000 }, (_, i) =>
    documentOf(`package${i}`, 'alpha beta', { publisher: `publisher${i}` }),
  )
  await using all = await indexOf(documents)
  let asked = 0
  const shownAs = () => {
    asked++
    return null
  }
  expect(all.index.search({ text: 'alpha', limit: 10, shownAs })).toEqual([])
  expect(asked).toBe(MAX_REFUSED)
})

it('words of the same letters do not keep a query from being answered', async () => {
  const permuted = (seed: number): string => {
    const letters = [...'abcdefghijkl']
    return Array.from({ length: 12 }, (_, i) => letters.splice((seed * (i + 7)) % letters.length, 1)[0]).join('')
  }
  const odd = Array.from({ length: 200 }, (_, i) =>
    documentOf(`odd${i}`, Array.from({ length: 50 }, (_, j) => permuted(i * 50 + j)).join(' ')),
  )
  await using all = await indexOf([...odd, documentOf('wanted', 'the one that is meant')])
  const text = `${Array.from({ length: 14 }, (_, i) => permuted(900_001 + i)).join(' ')} wanted meant`
  expect(MAX_TYPO_EFFORT).toBeLessThan(1 << 18)
  expect(namesOf(all.index, text)[0]).toBe('wanted')
})

it('a phrase is found among many of one publisher that have its words apart', async () => {
  const apart = Array.from({ length: 300 }, (_, i) => documentOf(`apart${i}`, 'line command', { popularity: 900 }))
  await using all = await indexOf([...apart, documentOf('meant', 'for the command line, among other things')])
  const hits = all.index.search({ text: 'command line', limit: 10, filter: { phrases: ['command line'] } })
  expect(hits.map(({ document }) => document.name)).toEqual(['meant'])
})

it('a document that changes again and again while merges fail stays one document', async () => {
  await using database = await openDatabase()
  await using index = await openSearchIndex(database.store, { mergeAt: 1_000_000 })
  index.upsert(documentOf('still', 'stands'))
  for (let i = 0; i < 10_000; i++) index.upsert(documentOf('restless', `turn${i} changes`))
  index.remove(documentOf('still').key)
  expect(index.stats()).toMatchObject({ documents: 1, terms: 0 })
  expect(namesOf(index, 'changes')).toEqual(['restless'])
  expect(namesOf(index, 'stands')).toEqual([])
  expect(namesOf(index, 'turn9999')).toEqual(['restless'])
})

it('a base that cannot be written to its end gives its room back', async () => {
  await using database = await openDatabase()
  let batches = 0
  const full = withBatches(database.store, () => {
    if (++batches > 1) throw new Error('no space left')
  })
  const large = Array.from({ length: 3_000 }, (_, i) => documentOf(`large${i}`, 'x'.repeat(900)))
  await using index = await openSearchIndex(full)
  await expect(index.rebuild(streamOf(large))).rejects.toThrow('no space left')
  expect(batches).toBe(2)
  expect(await database.store.keys().all()).toEqual([])
})

it('closing ends a base that is being written', async () => {
  await using database = await openDatabase()
  let batches = 0
  const closing = withBatches(database.store, () => {
    if (++batches === 1) void index[Symbol.asyncDispose]()
  })
  const index = await openSearchIndex(closing)
  const large = Array.from({ length: 6_000 }, (_, i) => documentOf(`large${i}`, 'x'.repeat(900)))
  await expect(index.rebuild(streamOf(large))).rejects.toThrow('aborted')
  expect(batches).toBe(1)
})

/** The store, which tells of a batch before it is written. */
const withBatches = (store: SearchStore, before: () => void): SearchStore => ({
  getSync: key => store.getSync(key),
  iterator: range => store.iterator(range),
  clear: range => store.clear(range),
  batch: async (operations, options) => {
    before()
    await store.batch(operations, options)
  },
})
