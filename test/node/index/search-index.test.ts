import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Document, highlightsOf, openSearchIndex, type SearchIndex } from '../../../src/node/index/index.ts'
import { MAX_REFUSED_OF_ONE } from '../../../src/node/index/limits.ts'
import { documentOf, namesOf, openDatabase, type Store, streamOf } from './documents.ts'

const PACKAGES: Document[] = [
  documentOf('express', 'Fast, unopinionated, minimalist web framework', {
    keywords: ['http', 'rest'],
    popularity: 90_000,
  }),
  documentOf('lodash', 'Lodash modular utilities.', { popularity: 180_000 }),
  documentOf('left-pad', 'String left pad', { popularity: 900 }),
  documentOf('node-fetch', 'A light-weight module that brings Fetch API to node.js', { popularity: 40_000 }),
  documentOf('@acme/fetcher', 'Downloads things', { popularity: 2 }),
  documentOf('JSONStream', 'rawStream.pipe(JSONStream.parse()).pipe(streamOfObjects)', { popularity: 5000 }),
  documentOf('jsonstream', 'an imitation', { publisher: 'other', popularity: 1 }),
  documentOf('requests', 'Python HTTP for Humans.', { type: 'pypi', popularity: 70_000 }),
  documentOf('koa', 'Koa web app framework', { popularity: 3000 }),
]

async function indexOf(
  store: Store,
  documents: Iterable<Document> = PACKAGES,
  mergeAt = 1_000_000,
): Promise<SearchIndex> {
  const index = await openSearchIndex(store, { mergeAt })
  for (const document of documents) await store.batch(index.upsert(document))
  return index
}

describe.each(['in the delta', 'in the base'])('searching documents %s', place => {
  const withIndex = async (test: (index: SearchIndex) => void): Promise<void> => {
    await using database = await openDatabase()
    await using index = await indexOf(database.store)
    if (place === 'in the base') await index.merge()
    test(index)
  }

  it('finds a name with one typo of any sort', () =>
    withIndex(index => {
      for (const typo of ['lodahs', 'lodas', 'lodassh', 'lodaxh']) expect(namesOf(index, typo)[0]).toBe('lodash')
    }))

  it('finds a name with two typos', () => withIndex(index => expect(namesOf(index, 'expraes')[0]).toBe('express')))

  it('finds a package by words of its description, in other forms', () =>
    withIndex(index => {
      expect(namesOf(index, 'minimalistic web frameworks')[0]).toBe('express')
      expect(namesOf(index, 'utility modular')[0]).toBe('lodash')
    }))

  it('finds a package by a keyword', () => withIndex(index => expect(namesOf(index, 'rest')[0]).toBe('express')))

  it('finds a name by its beginning', () => withIndex(index => expect(namesOf(index, 'expr')[0]).toBe('express')))

  it('finds a name whatever its punctuation', () =>
    withIndex(index => {
      for (const text of ['node-fetch', 'nodefetch', 'node fetch', 'node_fetch']) {
        expect(namesOf(index, text)[0]).toBe('node-fetch')
      }
    }))

  it('puts the byte-equal name first', () =>
    withIndex(index => {
      expect(namesOf(index, 'jsonstream')[0]).toBe('jsonstream')
      expect(namesOf(index, 'JSONStream')[0]).toBe('JSONStream')
      expect(namesOf(index, '@acme/fetcher')[0]).toBe('@acme/fetcher')
    }))

  it('shows only the type and publisher asked for', () =>
    withIndex(index => {
      const http = index.search({ text: 'http', limit: 10, filter: { types: ['pypi'] } })
      expect(http.map(hit => hit.document.name)).toEqual(['requests'])
      const other = index.search({ text: 'jsonstream', limit: 10, filter: { publishers: ['other'] } })
      expect(other.map(hit => hit.document.publisher)).toEqual(['other'])
      expect(index.search({ text: 'jsonstream', limit: 10, filter: { publishers: ['nobody'] } })).toEqual([])
    }))

  it('shows only what is public, of publishers that may be shown, where that is asked for', async () => {
    const many = (count: number, more: Partial<Document>) =>
      Array.from({ length: count }, (_, i) => documentOf(`pad-${more.publisher}-${i}`, '', more))
    const documents = [
      ...many(300, { publisher: 'blocked', popularity: 9 }),
      ...many(300, { publisher: 'own', isPublic: false, popularity: 9 }),
      ...many(2, { publisher: 'own', description: 'a pad' }),
    ]
    await using database = await openDatabase()
    await using index = await indexOf(database.store, documents)
    if (place === 'in the base') await index.merge()
    const shown = { publicOnly: true, mayShow: (publisher: string) => publisher !== 'blocked' }
    const found = index.search({ text: 'pad', limit: 1, ...shown })
    expect(found.map(({ document }) => [document.publisher, document.isPublic])).toEqual([['own', true]])
    expect(index.search({ text: 'pad', limit: 100, ...shown })).toHaveLength(2)
  })

  it('shows documents as they are now, and reads few of one publisher in vain', async () => {
    const documents = [
      ...Array.from({ length: 300 }, (_, i) => documentOf(`pad-${i}`, '', { publisher: 'gone', popularity: 9 })),
      documentOf('pad-good', 'left pad', { publisher: 'good' }),
    ]
    await using database = await openDatabase()
    await using index = await indexOf(database.store, documents)
    if (place === 'in the base') await index.merge()
    let asked = 0
    const shownAs = (document: Document): Document | null => {
      asked++
      return document.publisher === 'gone' ? null : { ...document, version: '0.9.0' }
    }
    const found = index.search({ text: 'pad', limit: 20, shownAs })
    expect(found.map(({ document }) => [document.publisher, document.version])).toEqual([['good', '0.9.0']])
    expect(asked).toBe(MAX_REFUSED_OF_ONE + 1)
  })

  it('marks where a hit matched, also with a typo', () =>
    withIndex(index => {
      const [hit] = index.search({ text: 'framewrok', limit: 1 })
      const [highlights] = highlightsOf(['framewrok'], [hit!.document])
      const description = highlights!.find(({ field }) => field === 'description')
      const [from, to] = description!.ranges[0]!
      expect(hit!.document.description.slice(from, to)).toContain('frame')
    }))

  it('survives every odd query', () =>
    withIndex(index => {
      const odd = [
        '',
        ' ',
        'a',
        '🦄',
        '包管理',
        '__proto__',
        'constructor',
        'toString',
        '\u0000',
        '\ud800',
        'x'.repeat(5000),
      ]
      odd.push(Array.from({ length: 500 }, (_, i) => `word${i}`).join(' '), '"|!\'=^$ fetch', '%00%ff', '../../etc')
      for (const text of odd) expect(index.search({ text, limit: 10 }).length).toBeLessThanOrEqual(10)
      expect(index.search({ text: 'express', limit: Number.NaN })).toHaveLength(1)
      expect(index.search({ text: 'express', limit: -5 })).toHaveLength(1)
      fc.assert(fc.property(fc.string({ unit: 'binary' }), text => index.search({ text, limit: 5 }).length <= 5))
    }))

  it('finds names in scripts without spaces and names of object properties', async () => {
    await using database = await openDatabase()
    await using index = await indexOf(database.store, [
      documentOf('a', '軽量な包管理ツール'),
      documentOf('__proto__', 'x'),
    ])
    if (place === 'in the base') await index.merge()
    expect(namesOf(index, '包管理')).toEqual(['a'])
    expect(namesOf(index, '__proto__')[0]).toBe('__proto__')
  })
})

describe('changes', () => {
  it('are visible at once, before anything is written', async () => {
    await using database = await openDatabase()
    await using index = await openSearchIndex(database.store)
    const operations = index.upsert(documentOf('express', 'web'))
    expect(namesOf(index, 'express')).toEqual(['express'])
    expect(operations).toHaveLength(1)
  })

  it('replace and remove what the base holds', async () => {
    await using database = await openDatabase()
    await using index = await indexOf(database.store)
    await index.merge()
    const lodash = PACKAGES[1]!
    index.upsert({ ...lodash, description: 'hammers' })
    expect(namesOf(index, 'hammers')).toEqual(['lodash'])
    expect(namesOf(index, 'modular')).toEqual([])
    index.remove(lodash.key)
    expect(namesOf(index, 'lodash')).toEqual([])
    expect(index.lookup(lodash.key)).toBeNull()
    expect(index.stats().documents).toBe(PACKAGES.length - 1)
  })

  it('come back after the database was closed', async () => {
    await using database = await openDatabase()
    const first = await indexOf(database.store)
    await first.merge()
    await database.store.batch(first.upsert(documentOf('late', 'arrival')))
    await database.store.batch(first.remove(PACKAGES[0]!.key))
    await using second = await openSearchIndex(await database.reopen())
    expect(second.stats()).toMatchObject({ documents: PACKAGES.length, pending: 2, needsRebuild: false })
    expect(namesOf(second, 'arrival')).toEqual(['late'])
    expect(namesOf(second, 'express')).not.toContain('express')
    expect(namesOf(second, 'lodahs')[0]).toBe('lodash')
  })

  it('start a merge by themselves, and those made during it stay', async () => {
    await using database = await openDatabase()
    const documents = Array.from({ length: 300 }, (_, i) => documentOf(`package${i}`, `number ${i}`))
    const index = await openSearchIndex(database.store, { mergeAt: 100 })
    for (const document of documents) await database.store.batch(index.upsert(document))
    await index[Symbol.asyncDispose]()
    expect(index.stats().documents).toBe(300)
    expect(index.stats().pending).toBeLessThan(200)
    await using again = await openSearchIndex(await database.reopen())
    expect(again.stats().documents).toBe(300)
    expect(namesOf(again, 'package299')[0]).toBe('package299')
  })

  it('whose merge fails stay findable, and the merge is tried again after as many more', async () => {
    await using database = await openDatabase()
    let tries = 0
    const told: unknown[] = []
    await using index = await openSearchIndex(database.store, {
      mergeAt: 10,
      runMerge: () => {
        tries++
        return Promise.reject(new Error('no thread'))
      },
      onMergeFailed: error => told.push(error),
    })
    for (let i = 0; i < 35; i++) {
      index.upsert(documentOf(`package${i}`))
      await new Promise(resolve => setImmediate(resolve))
    }
    expect([tries, told.length]).toEqual([3, 3])
    expect(namesOf(index, 'package34')[0]).toBe('package34')
  })

  it('of any sequence, merged at any time, end as a rebuild from the documents that remain', async () => {
    const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'web', 'server', 'parser')
    const change = fc.record({
      name: fc.tuple(word, fc.nat(9)).map(([text, i]) => `${text}-${i}`),
      description: fc.array(word, { maxLength: 5 }).map(words => words.join(' ')),
      popularity: fc.nat(1000),
      action: fc.constantFrom('upsert', 'upsert', 'upsert', 'remove', 'merge', 'reopen'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async changes => {
        await using database = await openDatabase()
        const remaining = new Map<string, Document>()
        let store = database.store
        let index = await openSearchIndex(store)
        for (const { name, description, popularity, action } of changes) {
          const document = documentOf(name, description, { popularity })
          if (action === 'merge') await index.merge()
          else if (action === 'reopen') {
            store = await database.reopen()
            index = await openSearchIndex(store)
          } else if (action === 'remove') {
            remaining.delete(document.key)
            await store.batch(index.remove(document.key))
          } else {
            remaining.set(document.key, document)
            await store.batch(index.upsert(document))
          }
        }
        const queries = ['alpha', 'web server', 'gamma-3', 'parsre', 'be']
        const found = (): unknown => queries.map(text => index.search({ text, limit: 50 }))
        const names = (): unknown => queries.map(text => namesOf(index, text, 50).sort())
        const before = names()
        await index.merge()
        const merged = found()
        expect(names()).toEqual(before)
        await index.rebuild(streamOf(remaining.values()))
        expect(found()).toEqual(merged)
        expect(index.stats().documents).toBe(remaining.size)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a stored index', () => {
  it('of another tokeniser asks for a rebuild, and a rebuild heals it', async () => {
    await using database = await openDatabase()
    const first = await indexOf(database.store)
    await first.merge()
    const { encodeJson, parseStoredJson } = await import('../../../src/node/index/search-store.ts')
    const meta = parseStoredJson(database.store.getSync('meta')) as object
    await database.store.put('meta', encodeJson({ ...meta, tokeniser: 0 }))
    await using index = await openSearchIndex(await database.reopen())
    expect(index.stats().needsRebuild).toBe(true)
    await index.rebuild(streamOf(PACKAGES))
    expect(index.stats().needsRebuild).toBe(false)
    expect(namesOf(index, 'lodahs')[0]).toBe('lodash')
  })

  it('with any one value damaged does not throw, and says so or answers as before', async () => {
    await using database = await openDatabase()
    const first = await indexOf(database.store)
    await first.merge()
    const healthy = first.search({ text: 'web framework', limit: 5 }).map(hit => hit.document.name)
    const entries = await database.store.iterator({ gte: 'base/', lt: 'base0' }).all()
    for (const [key, value] of [...entries, ['meta', database.store.getSync('meta')!] as const]) {
      const flipped = value.slice()
      flipped[flipped.length - 1]! ^= 1
      await database.store.put(key, flipped)
      const index = await openSearchIndex(database.store)
      const names = namesOf(index, 'web framework', 5)
      expect(index.stats().needsRebuild || names.join() === healthy.join()).toBe(true)
      await database.store.batch(
        [...entries, ['meta', database.store.getSync('meta')!] as const].map(([k, v]) => ({
          type: 'put',
          key: k,
          value: k === key ? value : v,
        })),
      )
    }
  })
})
