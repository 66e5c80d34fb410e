import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSearchIndex, type SearchIndex, type SearchQuery } from '../../../src/node/index/index.ts'
import { InstallJournal } from '../../../src/node/installs/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import type { PackageName, PublisherId, WellFormedRecord } from '../../../src/protocol/index.ts'
import { NET } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { needing, npm, PublisherFeed } from './publisher-feed.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 20_000 * DAY_MS

/** One run of a node's library with its journal of installs; `counted` has how the index was told. */
async function run(folder: string, pins: ReadonlyMap<PackageName, PublisherId> = new Map()) {
  const database = await openLevelDatabase(join(folder, 'db'))
  const index = await openSearchIndex(database.table('index'))
  const counted = { rebuilds: 0, upserts: 0 }
  const installs = await InstallJournal.open({ database, onProblem: (_, cause) => expect.fail(String(cause)) })
  const library = await Library.open({
    ...{ net: NET, database, records: new RecordStore(database), index: countingOf(index, counted) },
    use: {
      installsOf: (publisher, name) => installs.installsOf(publisher, name),
      pinOf: name => pins.get(name) ?? null,
    },
  })
  installs.onCounted(names => library.rerank(names))
  return {
    ...{ library, installs, counted },
    take: async (records: readonly WellFormedRecord[]) =>
      library.absorb((await library.records.append(records)).stored),
    found: (text: string, query: Partial<SearchQuery> = {}) =>
      index.search({ text, limit: 10, ...query }).map(({ document }) => document.name),
    scores: (text: string, query: Partial<SearchQuery> = {}) =>
      index.search({ text, limit: 10, ...query }).map(({ score }) => score),
    popularityOf: (publisher: PublisherId, name: string) =>
      index.lookup(`${publisher} ${npm(name)}`)?.popularity ?? null,
    async [Symbol.asyncDispose]() {
      await installs[Symbol.asyncDispose]()
      await index[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** The same index, counting what it is told. */
function countingOf(index: SearchIndex, counted: { rebuilds: number; upserts: number }): SearchIndex {
  return {
    upsert(document) {
      counted.upserts++
      return index.upsert(document)
    },
    rebuild(documents) {
      counted.rebuilds++
      return index.rebuild(documents)
    },
    remove: key => index.remove(key),
    search: query => index.search(query),
    lookup: key => index.lookup(key),
    stats: () => index.stats(),
    merge: () => index.merge(),
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  }
}

const parser = (more: object = {}) => ({ description: 'a parser of things', ...more })

test('of two packages with equal words the one that more packages need is first, at once and until they are yanked', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const zeta = new PublisherFeed(4)
  const two = [acme.release('pkg:npm/parser-one@1.0.0', parser()), acme.release('pkg:npm/parser-two@1.0.0', parser())]
  await node.take([...acme.first, ...two, ...zeta.first])
  const apps = [1, 2, 3].map(i => zeta.release(`pkg:npm/app${i}@1.0.0`, needing('parser-two')))
  await node.take([...apps, zeta.release('pkg:npm/tool@1.0.0', needing('parser-one'))])
  expect(node.found('parser')).toEqual(['parser-two', 'parser-one'])
  await node.take([1, 2, 3].map(i => zeta.yank(`pkg:npm/app${i}@1.0.0`)))
  expect(node.found('parser')).toEqual(['parser-one', 'parser-two'])
})

test('a package that comes after its dependents has them at once', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const apps = [1, 2, 3].map(i => acme.release(`pkg:npm/app${i}@1.0.0`, needing('parser-two')))
  await node.take([...acme.first, ...apps])
  await node.take([acme.release('pkg:npm/parser-two@1.0.0', parser())])
  expect(node.popularityOf(acme.publisher, 'parser-two')).toBe(3)
})

test('a version that needs something else takes its word back', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const two = [acme.release('pkg:npm/parser-one@1.0.0'), acme.release('pkg:npm/parser-two@1.0.0')]
  await node.take([...acme.first, ...two, acme.release('pkg:npm/app@1.0.0', needing('parser-one'))])
  await node.take([acme.release('pkg:npm/app@1.1.0', needing('parser-two'))])
  const ranks = ['parser-one', 'parser-two'].map(name => node.popularityOf(acme.publisher, name))
  expect(ranks).toEqual([0, 1])
})

test('of two packages with equal words the one that is installed here is first, once its installs are written', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const two = [acme.release('pkg:npm/parser-one@1.0.0', parser()), acme.release('pkg:npm/parser-two@1.0.0', parser())]
  await node.take([...acme.first, ...two])
  const install = { at: NOW, purl: npm('parser-two'), version: '1.0.0', passed: true, publisher: acme.publisher }
  for (const who of ['ann', 'bob', 'ci']) node.installs.note({ ...install, who })
  await node.installs.settled()
  expect(node.found('parser')).toEqual(['parser-two', 'parser-one'])
  expect(node.library.popularity.useOf(acme.publisher, npm('parser-two'))).toEqual({ dependents: 0, installs: 3 })
})

test('of two packages with equal words the fresher one is first', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  await node.take([
    ...acme.first,
    acme.release('pkg:npm/parser-one@1.0.0', parser(), NOW - 2_000 * DAY_MS),
    acme.release('pkg:npm/parser-two@1.0.0', parser(), NOW - DAY_MS),
  ])
  expect(node.found('parser', { now: NOW })).toEqual(['parser-two', 'parser-one'])
})

test('a time in the future gains nothing over a fresh release', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  await node.take([
    ...acme.first,
    acme.release('pkg:npm/parser-two@1.0.0', parser(), NOW + 5_000 * DAY_MS),
    acme.release('pkg:npm/parser-one@1.0.0', parser(), NOW),
  ])
  const [first, second] = node.scores('parser', { now: NOW })
  expect(first).toBe(second)
})

test('of two packages with equal words the one of the closer publisher is first', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const zeta = new PublisherFeed(4)
  await node.take([...acme.first, acme.release('pkg:npm/parser-one@1.0.0', parser())])
  await node.take([...zeta.first, zeta.release('pkg:npm/parser-two@1.0.0', parser())])
  const closenessOf = (publisher: string) => (publisher === zeta.publisher ? 1 : 0)
  expect(node.found('parser', { closenessOf })).toEqual(['parser-two', 'parser-one'])
})

test('of two packages with equal words the one that tells more is first', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  await node.take([
    ...acme.first,
    acme.release('pkg:npm/parser-one@1.0.0', parser()),
    acme.release('pkg:npm/parser-two@1.0.0', parser({ license: 'MIT' })),
  ])
  expect(node.found('parser')).toEqual(['parser-two', 'parser-one'])
})

test('dependents count for the publisher that the name is pinned to, and for nobody who takes the name too', async () => {
  const acme = new PublisherFeed(1)
  const squatter = new PublisherFeed(4)
  await using node = await run(await temporaryFolder(), new Map([[npm('left'), acme.publisher]]))
  await node.take([...acme.first, acme.release('pkg:npm/left@1.0.0')])
  await node.take([1, 2, 3].map(i => acme.release(`pkg:npm/app${i}@1.0.0`, needing('left'))))
  await node.take([...squatter.first, squatter.release('pkg:npm/left@9.0.0')])
  expect([acme, squatter].map(({ publisher }) => node.popularityOf(publisher, 'left'))).toEqual([3, 0])
})

test('a release that needs hundreds of packages writes a bounded number of documents, and the next changes the others', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const things = Array.from({ length: 300 }, (_, i) => `thing${i}`)
  await node.take([...acme.first, ...things.map(name => acme.release(`pkg:npm/${name}@1.0.0`))])
  const before = node.counted.upserts
  await node.take([acme.release('pkg:npm/all@1.0.0', needing(...things.slice(0, 250)))])
  // The release itself, one for it and 64 of what it needs; the next changes bring the others.
  expect(node.counted.upserts - before).toBe(66)
  for (let again = 0; again < 4; again++) node.library.rerank([])
  const ranks = things.map(name => node.popularityOf(acme.publisher, name))
  expect(ranks).toEqual(things.map((_, i) => (i < 250 ? 1 : 0)))
})

test('a start with an index that is right to a step of popularity writes nothing; one that is not is put right, not made anew', async () => {
  const folder = await temporaryFolder()
  const acme = new PublisherFeed(1)
  {
    await using node = await run(folder)
    await node.take([...acme.first, acme.release('pkg:npm/left@1.0.0')])
    await node.take(Array.from({ length: 8 }, (_, i) => acme.release(`pkg:npm/app${i}@1.0.0`, needing('left'))))
    await node.take([8, 9].map(i => acme.release(`pkg:npm/app${i}@1.0.0`, needing('left'))))
    expect(node.popularityOf(acme.publisher, 'left')).toBe(8)
  }
  {
    await using node = await run(folder)
    expect(node.counted).toEqual({ rebuilds: 0, upserts: 0 })
    // Counted, and not told to search before the end: as after a crash.
    node.installs.onCounted(() => {})
    for (let i = 0; i < 40; i++) {
      const install = { at: NOW, version: '1.0.0', who: `w${i}`, passed: true, publisher: acme.publisher }
      node.installs.note({ ...install, purl: npm('left') })
    }
  }
  await using node = await run(folder)
  expect(node.counted).toEqual({ rebuilds: 0, upserts: 1 })
  expect(node.popularityOf(acme.publisher, 'left')).toBe(50)
  node.library.rerank([])
  expect(node.counted).toEqual({ rebuilds: 0, upserts: 1 })
})

test('a start with an index that a crash left behind puts right what is missing, and makes anew one that has too much', async () => {
  const folder = await temporaryFolder()
  const acme = new PublisherFeed(1)
  {
    await using node = await run(folder)
    await node.take([...acme.first, acme.release('pkg:npm/left@1.0.0')])
    await node.library.records.append([acme.release('pkg:npm/right@1.0.0')])
  }
  {
    await using node = await run(folder)
    expect(node.counted).toEqual({ rebuilds: 0, upserts: 1 })
    expect(node.found('right')).toEqual(['right'])
    await node.library.records.forget(acme.publisher)
  }
  await using node = await run(folder)
  expect(node.counted).toEqual({ rebuilds: 1, upserts: 0 })
  expect(node.found('right')).toEqual([])
})

test('dependents in private releases count here', async () => {
  await using node = await run(await temporaryFolder())
  const acme = new PublisherFeed(1)
  const inner = new PublisherFeed(4, 'private')
  await node.take([...acme.first, acme.release('pkg:npm/left@1.0.0')])
  await node.take([...inner.first, inner.release('pkg:npm/secret@1.0.0', needing('left'))])
  expect(node.popularityOf(acme.publisher, 'left')).toBe(1)
})

const change = fc.record({
  by: fc.constantFrom(0, 1),
  does: fc.constantFrom('release', 'release', 'release', 'yank'),
  name: fc.integer({ min: 0, max: 5 }),
  needs: fc.uniqueArray(fc.integer({ min: 0, max: 5 })),
})

test('after any releases and yanks popularity is what a start counts, and the index is right to a doubling', async () => {
  const nameOf = (i: number) => `p${i}`
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async changes => {
    const folder = await temporaryFolder()
    const feeds = [new PublisherFeed(1), new PublisherFeed(4)]
    const popularities = (node: Awaited<ReturnType<typeof run>>) =>
      feeds.flatMap(({ publisher }) =>
        [0, 1, 2, 3, 4, 5].map(i => node.library.popularity.of(publisher, npm(nameOf(i)))),
      )
    const ranks = (node: Awaited<ReturnType<typeof run>>) =>
      feeds.flatMap(({ publisher }) => [0, 1, 2, 3, 4, 5].map(i => node.popularityOf(publisher, nameOf(i))))
    let before: readonly number[]
    {
      await using node = await run(folder)
      for (const { first } of feeds) await node.take(first)
      for (const [at, { by, does, name, needs }] of changes.entries()) {
        const feed = feeds[by]!
        const purl = `pkg:npm/${nameOf(name)}@1.0.${at}`
        const whole = `pkg:npm/${nameOf(name)}`
        await node.take([does === 'release' ? feed.release(purl, needing(...needs.map(nameOf))) : feed.yank(whole)])
      }
      before = popularities(node)
      for (const [at, rank] of ranks(node).entries()) {
        if (rank !== null) expect(Math.abs(Math.log2((1 + rank) / (1 + before[at]!)))).toBeLessThan(1)
      }
    }
    await using node = await run(folder)
    expect(popularities(node)).toEqual(before)
    expect(node.counted.rebuilds).toBe(0)
  })
  await fc.assert(property, { numRuns: 10 })
})
