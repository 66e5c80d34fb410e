import { describe, expect, it } from 'vitest'
import { type Document, documentKeyOf, openSearchIndex } from '../../../src/node/index/index.ts'
import { documentOf, namesOf, openDatabase, streamOf } from './documents.ts'

const packaged = (name: string, purl: string, publisher = 'acme'): Document =>
  documentOf(name, 'seen', { package: purl, publisher, key: documentKeyOf(publisher, purl) })

/** Packages whose URL does not follow from their name, and some whose key looks like that of another. */
const DOCUMENTS = [
  packaged('Flask', 'pkg:npm/flask'),
  packaged('flask', 'pkg:npm/Flask'),
  packaged('FLASK', 'pkg:npm/FLASK'),
  packaged('org.apache:commons~x', 'pkg:npm/org.apache/commons~x'),
  packaged('a+b', 'pkg:npm/a%2Bb'),
  packaged('a:b!', 'pkg:npm/a%3Ab!'),
  packaged('c:d', 'pkg:npm/c:d'),
  packaged('é', 'pkg:npm/%C3%A9'),
  packaged('\ud800', 'pkg:npm/%EF%BF%BD'),
  packaged('100%', 'pkg:npm/100%'),
  packaged('x', 'pkg:npm/y pkg:npm/x'),
  packaged('x', 'pkg:npm/x', 'acme pkg:npm/y'),
  packaged('x', 'pkg:npm/x'),
]

describe('a document in the base', () => {
  it('is found by its key, replaced and removed, whatever its package is called', async () => {
    const distinct = [...new Map(DOCUMENTS.map(document => [document.key, document])).values()]
    await using database = await openDatabase()
    await using index = await openSearchIndex(database.store)
    await index.rebuild(streamOf(distinct))
    for (const document of distinct) {
      expect(index.lookup(document.key)).toMatchObject({ key: document.key, name: document.name.toWellFormed() })
      index.upsert({ ...document, description: 'changed' })
      expect(index.stats().documents).toBe(distinct.length)
    }
    await index.merge()
    expect(index.stats()).toMatchObject({ documents: distinct.length, pending: 0 })
    for (const { key } of distinct) {
      expect(index.lookup(key)?.description).toBe('changed')
      expect(index.remove(key)).toHaveLength(1)
      expect(index.lookup(key)).toBeNull()
    }
    expect(index.stats().documents).toBe(0)
  })

  it('is the last of its key where a rebuild is given several', async () => {
    await using database = await openDatabase()
    await using index = await openSearchIndex(database.store)
    const versions = Array.from({ length: 2_000 }, (_, i) => documentOf('often', `number ${i}`))
    await index.rebuild(streamOf([documentOf('once'), ...versions]))
    expect(index.stats().documents).toBe(2)
    expect(index.lookup(versions[0]!.key)?.description).toBe('number 1999')
  })
})

describe('a rebuild', () => {
  const held = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const read = Promise.withResolvers<void>()
    async function* documents(): AsyncGenerator<Document> {
      yield documentOf('gone')
      yield documentOf('kept')
      read.resolve()
      await promise
    }
    return { documents: documents(), resolve, read: read.promise }
  }

  it('does not bring back what was removed after it was read', async () => {
    await using database = await openDatabase()
    await using index = await openSearchIndex(database.store)
    const { documents, resolve, read } = held()
    const rebuilt = index.rebuild(documents)
    await read
    expect(index.remove(documentOf('gone').key)).toHaveLength(1)
    resolve()
    await rebuilt
    expect(index.lookup(documentOf('gone').key)).toBeNull()
    expect(namesOf(index, 'kept')).toEqual(['kept'])
  })

  it('keeps what came after the call, although a merge was asked for before', async () => {
    await using database = await openDatabase()
    await using index = await openSearchIndex(database.store)
    index.upsert(documentOf('early'))
    const merged = index.merge()
    const rebuilt = index.rebuild(streamOf([documentOf('early')]))
    index.upsert(documentOf('late'))
    await Promise.all([merged, rebuilt])
    expect(namesOf(index, 'late')).toEqual(['late'])
    expect(index.stats()).toMatchObject({ documents: 2, pending: 1 })
  })
})
