import { beforeAll, describe, expect, it } from 'vitest'
import { type Document, openSearchIndex, type SearchIndex } from '../../../src/node/index/index.ts'
import { openDatabase, type Store, streamOf } from './documents.ts'
import { type Failure, failingStore } from './failing-store.ts'
import { generatedPackage } from './generated-packages.ts'
import { differencesOf, faultsOf, leftoversOf } from './index-faults.ts'
import { watchedStore } from './watched-store.ts'

const SEED = 4
const OLD = 60
const NEVER = Number.POSITIVE_INFINITY
/** Documents that no query but their names finds, so large that a base takes several writes. */
const LARGE = numbers(3).map(i => ({
  ...generatedPackage(900 + i),
  ...{ description: '', keywords: [], version: 'x'.repeat(400_000) },
}))
/** Of the packages of the base every sixth is removed and every fourth changed; ten come. */
const changesOf = () => {
  const removed = numbers(OLD).filter(number => number % 6 === 0)
  const changed = numbers(OLD).filter(number => number % 6 !== 0 && number % 4 === 0)
  const added = numbers(10).map(number => OLD + number)
  return { removed, changed, added }
}

function documentsAfter(): Document[] {
  const { removed, changed, added } = changesOf()
  const kept = numbers(OLD).filter(number => !removed.includes(number))
  return [...LARGE, ...[...kept, ...added].map(number => generatedPackage(number, changed.includes(number) ? 1 : 0))]
}

async function makeBase(store: Store): Promise<void> {
  await using index = await openSearchIndex(store)
  await index.rebuild(streamOf([...LARGE, ...numbers(OLD).map(number => generatedPackage(number))]))
}

async function makeChanges(store: Store, index: SearchIndex): Promise<void> {
  const { removed, changed, added } = changesOf()
  for (const number of removed) await store.batch(index.remove(generatedPackage(number).key))
  for (const number of [...changed, ...added]) {
    await store.batch(index.upsert(generatedPackage(number, changed.includes(number) ? 1 : 0)))
  }
}

const DOCUMENTS = documentsAfter()
/** Entries of a store with a base and changes that wait. */
let entries: readonly { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }[]
/** An index built of the documents alone: what every other one is held against. */
let rebuilt: SearchIndex
/** What opening such a store asks of it, and what a merge does after that. */
let atOpening = 0
let operations: readonly ('batch' | 'clear')[] = []
beforeAll(async () => {
  const stack = new AsyncDisposableStack()
  rebuilt = stack.use(await openSearchIndex(stack.use(await openDatabase()).store))
  await rebuilt.rebuild(streamOf(DOCUMENTS))
  const { store } = stack.use(await openDatabase())
  await makeBase(store)
  await makeChanges(store, await openSearchIndex(store))
  const found = await store.iterator({ gte: '', lt: '\uffff' }).all()
  entries = found.map(([key, value]) => ({ type: 'put', key, value }))
  const opening = failingStore(store, NEVER, 'is refused')
  await openSearchIndex(opening.store)
  atOpening = opening.asked.length
  const whole = await prepare(NEVER, 'is refused')
  stack.use(whole.database)
  await whole.index.merge()
  operations = whole.failing.asked.slice(atOpening)
  return () => stack.disposeAsync()
})

/** A database with a base and changes that wait, whose store fails at the operation of that number after opening. */
async function prepare(at: number, failure: Failure) {
  const database = await openDatabase()
  await database.store.batch([...entries])
  const failing = failingStore(database.store, atOpening + at, failure)
  return { database, failing, index: await openSearchIndex(failing.store) }
}

/** As `prepare`, with two failures: the merge's operation `refused` is refused though done, number `at` of the next merge stops. */
async function prepareTwice(refused: number, at: number) {
  const { database } = await prepare(NEVER, 'is refused')
  const first = failingStore(database.store, atOpening + refused, 'is refused though done')
  const failing = failingStore(first.store, atOpening + refused + 1 + at, 'stops before')
  return { database, failing, index: await openSearchIndex(failing.store) }
}

/** What is wrong with what a new process finds in the store. */
async function faultsAfterReopening(store: Store): Promise<string[]> {
  const index = await openSearchIndex(store)
  const faults = [...faultsOf(index, DOCUMENTS, SEED), ...(await leftoversOf(store))]
  await index.merge()
  return [...faults, ...faultsOf(index, DOCUMENTS, SEED), ...differencesOf(index, rebuilt, DOCUMENTS, SEED)]
}

describe('a merge', () => {
  it('whose process stops before, within or after any one of its writes leaves a whole index', async () => {
    expect(operations.filter(operation => operation === 'batch').length).toBeGreaterThan(2)
    for (const [at, failure] of momentsOf(operations)) {
      const { database, failing, index } = await prepare(at, failure)
      await Promise.race([index.merge(), failing.stopped])
      expect([at, failure, await faultsAfterReopening(await database.reopen())]).toEqual([at, failure, []])
      await database[Symbol.asyncDispose]()
    }
  })

  it('that is refused any one of its writes says so, hides nothing, and is whole at the next try and after reopening', async () => {
    for (const at of operations.keys()) {
      const { database, index } = await prepare(at, 'is refused')
      await expect(index.merge()).rejects.toThrow('refused')
      expect([at, faultsOf(index, DOCUMENTS, SEED)]).toEqual([at, []])
      const late = generatedPackage(OLD + 50)
      await database.store.batch(index.upsert(late))
      await index.merge()
      expect([at, faultsOf(index, [...DOCUMENTS, late], SEED)]).toEqual([at, []])
      await database.store.batch(index.remove(late.key))
      expect([at, await faultsAfterReopening(await database.reopen())]).toEqual([at, []])
      await database[Symbol.asyncDispose]()
    }
  })

  it('whose swap was refused although it was done leaves a whole index, wherever the next one stops', async () => {
    const swap = operations.lastIndexOf('batch')
    for (const at of operations.keys()) {
      const { database, failing, index } = await prepareTwice(swap, at)
      await expect(index.merge()).rejects.toThrow('refused')
      await Promise.race([index.merge(), failing.stopped])
      expect([at, await faultsAfterReopening(await database.reopen())]).toEqual([at, []])
      await database[Symbol.asyncDispose]()
    }
  })

  it('that cannot read a document of its base says so and leaves it in the base', async () => {
    await using database = await openDatabase()
    const { store } = database
    await makeBase(store)
    const key = await keyOfDocument(store)
    const value = store.getSync(key)!
    await store.put(key, value.with(-1, value.at(-1)! ^ 1))
    const index = await openSearchIndex(store)
    await makeChanges(store, index)
    await index.merge().catch(() => {})
    expect(index.stats().needsRebuild).toBe(true)
    await using again = await openSearchIndex(await database.reopen())
    await again.rebuild(streamOf(DOCUMENTS))
    expect(faultsOf(again, DOCUMENTS, SEED)).toEqual([])
  })
})

describe('a rebuild', () => {
  it('that stops at any one of its writes leaves the index as it was or as it should be', async () => {
    const whole = await prepare(NEVER, 'stops halfway')
    await whole.index.rebuild(streamOf(DOCUMENTS))
    const count = whole.failing.asked.length - atOpening
    await whole.database[Symbol.asyncDispose]()
    for (const at of numbers(count)) {
      const { database, failing, index } = await prepare(at, 'stops halfway')
      await Promise.race([index.rebuild(streamOf(DOCUMENTS)), failing.stopped])
      expect([at, await faultsAfterReopening(await database.reopen())]).toEqual([at, []])
      await database[Symbol.asyncDispose]()
    }
  })
})

describe('opening', () => {
  it('that stops at any one of its writes, after a merge that stopped before its clean-up, leaves a whole index', async () => {
    expect(atOpening).toBeGreaterThan(0)
    for (const at of numbers(atOpening)) {
      const { database, failing, index } = await prepare(operations.lastIndexOf('batch') + 1, 'stops before')
      await Promise.race([index.merge(), failing.stopped])
      const again = failingStore(await database.reopen(), at, 'stops halfway')
      await Promise.race([openSearchIndex(again.store), again.stopped])
      expect([at, await faultsAfterReopening(await database.reopen())]).toEqual([at, []])
      await database[Symbol.asyncDispose]()
    }
  })
})

/** Before each write and after the last; a batch is done or not, a range may also be cleared by half. */
function momentsOf(done: readonly ('batch' | 'clear')[]): (readonly [at: number, failure: Failure])[] {
  const moments = done.flatMap((operation, at) =>
    (['stops before', 'stops halfway'] as const)
      .slice(0, operation === 'batch' ? 1 : 2)
      .map(failure => [at, failure] as const),
  )
  return [...moments, [done.length - 1, 'stops after']]
}

/** Where the base keeps a document that stays: what is read last to look it up. */
async function keyOfDocument(store: Store): Promise<string> {
  const watched = watchedStore(store)
  const index = await openSearchIndex(watched.store)
  expect(index.lookup(generatedPackage(1).key)).not.toBeNull()
  return watched.read.at(-1)!
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
