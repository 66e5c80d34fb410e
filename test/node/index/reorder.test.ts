import { expect, it } from 'vitest'
import { openSearchIndex, type Ranked } from '../../../src/node/index/index.ts'
import { documentOf, openDatabase } from './documents.ts'
import { watchedStore } from './watched-store.ts'

const COUNT = 300
const BEST = 100
const LIMIT = 5
const NAMES = Array.from({ length: COUNT }, (_, i) => `tool-${String(i).padStart(3, '0')}`)

const byNameBackwards = (best: readonly Ranked[]): Ranked[] => best.toSorted((a, b) => (a.name < b.name ? 1 : -1))

it.each(['in the delta', 'in the base'])('orders the best anew before any is read, %s', async place => {
  await using database = await openDatabase()
  const { store, read } = watchedStore(database.store)
  await using index = await openSearchIndex(store)
  for (const [i, name] of NAMES.entries())
    await database.store.batch(index.upsert(documentOf(name, 'a handy thing', { popularity: COUNT - i })))
  if (place === 'in the base') await index.merge()
  index.search({ text: 'handy thing', limit: LIMIT }) // the pages of the words are kept
  read.length = 0
  let given: readonly Ranked[] = []
  const order = (best: readonly Ranked[]) => {
    given = best
    return byNameBackwards(best)
  }
  const hits = index.search({ text: 'handy thing', limit: LIMIT, reorder: { best: BEST, order } })
  expect(given.map(({ name }) => name).toSorted()).toEqual(NAMES.slice(0, BEST))
  expect(given.every(({ type, publisher }) => type === 'npm' && publisher !== '')).toBe(true)
  expect(hits.map(({ document }) => document.name)).toEqual(NAMES.slice(BEST - LIMIT, BEST).reverse())
  expect(read.length).toBeLessThan(BEST)
})

it('goes on beyond the best when too few of them may be shown', async () => {
  await using database = await openDatabase()
  await using index = await openSearchIndex(database.store)
  const hidden = new Set(NAMES.slice(0, BEST))
  for (const [i, name] of NAMES.entries()) {
    const more = { popularity: COUNT - i, publisher: hidden.has(name) ? `hidden-${i % 2}` : 'acme' }
    await database.store.batch(index.upsert(documentOf(name, 'a handy thing', more)))
  }
  const hits = index.search({
    ...{ text: 'handy thing', limit: LIMIT, reorder: { best: BEST, order: byNameBackwards } },
    shownAs: document => (hidden.has(document.name) ? null : document),
  })
  expect(hits).toHaveLength(LIMIT)
  for (const { document } of hits) expect(hidden.has(document.name)).toBe(false)
})
