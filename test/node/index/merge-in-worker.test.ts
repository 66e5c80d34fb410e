import { ClassicLevel } from 'classic-level'
import { expect, it } from 'vitest'
import { mergeInWorker, openSearchIndex } from '../../../src/node/index/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { documentOf, namesOf, streamOf } from './documents.ts'

async function openThreaded() {
  const location = await temporaryFolder()
  const db = new ClassicLevel<string, Uint8Array>(location, { valueEncoding: 'view', multithreading: true })
  const store = db.sublevel<string, Uint8Array>('search', { valueEncoding: 'view' })
  await store.open()
  const began = Promise.withResolvers<void>()
  const inWorker = mergeInWorker({ location, sublevel: 'search' })
  const runMerge: typeof inWorker = (job, options) => {
    began.resolve()
    return inWorker(job, options)
  }
  return { store, runMerge, began: began.promise, [Symbol.asyncDispose]: () => db.close() }
}

const documents = Array.from({ length: 500 }, (_, i) => documentOf(`package-${i}`, `number ${i}`, { popularity: i }))

it('a merge in a worker gives what one in this thread gives, and changes made meanwhile stay', async () => {
  await using database = await openThreaded()
  await using index = await openSearchIndex(database.store, { runMerge: database.runMerge })
  await index.rebuild(streamOf(documents.slice(0, 300)))
  for (const document of documents.slice(300)) index.upsert(document)
  index.remove(documents[7]!.key)
  const merged = index.merge()
  await database.began
  index.upsert(documentOf('late', 'arrival'))
  await merged
  expect(index.stats()).toMatchObject({ documents: 500, pending: 1, needsRebuild: false })
  expect(namesOf(index, 'package-499')[0]).toBe('package-499')
  expect(namesOf(index, 'package-7', 3)).not.toContain('package-7')
  expect(namesOf(index, 'arrival')).toEqual(['late'])
  const found = index.search({ text: 'package number', limit: 50 })
  await index.rebuild(
    streamOf([...documents.filter(({ name }) => name !== 'package-7'), documentOf('late', 'arrival')]),
  )
  expect(index.search({ text: 'package number', limit: 50 }).map(hit => hit.document)).toEqual(
    found.map(hit => hit.document),
  )
})

it('closing ends a merge in a worker and loses nothing', async () => {
  await using database = await openThreaded()
  const first = await openSearchIndex(database.store, { runMerge: database.runMerge })
  for (const document of documents) await database.store.batch(first.upsert(document))
  const merged = first.merge().then(
    () => 'merged',
    () => 'stopped',
  )
  await database.began
  await first[Symbol.asyncDispose]()
  await using second = await openSearchIndex(database.store)
  expect(second.stats()).toMatchObject({ documents: 500, needsRebuild: false })
  expect(second.stats().pending).toBe((await merged) === 'merged' ? 0 : 500)
})

it('a merge whose worker cannot open the database fails and leaves everything findable', async () => {
  await using database = await openThreaded()
  const nowhere = mergeInWorker({ location: await temporaryFolder(), sublevel: 'search' })
  await using index = await openSearchIndex(database.store, { runMerge: nowhere })
  index.upsert(documents[0]!)
  await expect(index.merge()).rejects.toThrow()
  expect(namesOf(index, 'package-0')).toEqual(['package-0'])
  expect(index.stats()).toMatchObject({ pending: 1, needsRebuild: false })
})
