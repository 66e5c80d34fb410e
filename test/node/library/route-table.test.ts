import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { loadConfig } from '../../../src/node/config/index.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { RouteTable } from '../../../src/node/library/route-table.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import type { PackageName, PublisherId } from '../../../src/protocol/index.ts'
import { NET, publisherOf } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const [ACME, PORT, OWN] = [1, 10, 20].map(seed => publisherOf(seed).genesis.publisher) as [
  PublisherId,
  PublisherId,
  PublisherId,
]
const NAME = 'pkg:npm/%40acme/hull' as PackageName

async function table() {
  const stack = new AsyncDisposableStack()
  const home = await temporaryFolder()
  const database = stack.use(await openLevelDatabase(join(home, 'db')))
  const index = stack.use(await openSearchIndex(database.table('index')))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  const relations = await RelationBook.open(join(home, 'relations.json'))
  await relations.change(ACME, { do: 'allow', patterns: [] }, 'acme')
  await relations.change(PORT, { do: 'allow', patterns: [] }, 'port')
  const routes = new RouteTable({ home, settings: [], library, relations, own: OWN, upstreams: () => ['npmjs'] })
  return { home, routes, relations, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('every change of a route or of a publisher’s name decides the next name', async () => {
  await using here = await table()
  const { routes, relations } = here
  expect(routes.resolve(NAME)).toMatchObject({ to: 'refused', refused: 'E_NO_ROUTE' })
  await routes.add({ match: 'npm:@acme/*', to: 'acme', publish: 'public' })
  expect(routes.resolve(NAME)).toMatchObject({ to: 'publisher', publisher: ACME })
  expect(routes.publishOf(NAME)).toBe('public')
  await routes.add({ match: 'npm:@acme/hull', to: 'port' })
  expect(routes.resolve(NAME)).toMatchObject({ to: 'publisher', publisher: PORT })
  expect(routes.publishOf(NAME)).toBe('private')
  await routes.remove('npm:@acme/*')
  await relations.change(PORT, { do: 'follow' }, 'harbour')
  await relations.change(ACME, { do: 'follow' }, 'port')
  expect(routes.resolve(NAME)).toMatchObject({ to: 'publisher', publisher: ACME })
  await routes.remove('npm:@acme/hull')
  expect(routes.resolve(NAME)).toMatchObject({ to: 'refused', refused: 'E_NO_ROUTE' })
})

test('names are resolved without reading the routes anew', async () => {
  await using here = await table()
  const { routes, relations } = here
  for (let i = 0; i < 20; i++) await routes.add({ match: `npm:@acme/p${i}`, to: 'acme' })
  routes.resolve(NAME)
  const read = vi.spyOn(relations, 'resolve')
  for (let i = 0; i < 20; i++)
    expect(routes.resolve(`pkg:npm/%40acme/p${i}` as PackageName)).toMatchObject({ publisher: ACME })
  expect(read).not.toHaveBeenCalled()
})

/** Without the one that every home begins with. */
const added = (routes: RouteTable) => routes.list().filter(({ match }) => match !== '*')

test('routes that are changed at once are all there, in the file and in memory', async () => {
  await using here = await table()
  const { home, routes } = here
  const patterns = Array.from({ length: 10 }, (_, i) => `npm:@acme/p${i}`)
  await routes.add({ match: 'npm:@port/*', to: 'port' })
  await routes.add({ match: 'npm:@hull/*', to: 'port' })
  await Promise.all([
    ...patterns.map(match => routes.add({ match, to: 'acme' })),
    routes.remove('npm:@hull/*'),
    routes.removeTo(PORT, []),
  ])
  expect(
    added(routes)
      .map(({ match }) => match)
      .toSorted(),
  ).toEqual(patterns)
  expect((await loadConfig({ home })).config.routes).toEqual(routes.list())
})

test('of two routes for one pattern at once the later is refused', async () => {
  await using here = await table()
  const answers = ['acme', 'port'].map(to => here.routes.add({ match: 'npm:@acme/*', to }))
  expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(added(here.routes)).toEqual([{ match: 'npm:@acme/*', to: 'acme' }])
})
