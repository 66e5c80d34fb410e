import { expect, test } from 'vitest'
import type { SearchIndex } from '../../../src/node/index/index.ts'
import { HiddenNames } from '../../../src/node/library/hidden-names.ts'
import { IndexKeeper } from '../../../src/node/library/index-keeper.ts'
import { Popularity } from '../../../src/node/library/popularity.ts'
import { CatalogueFold, type PackageName } from '../../../src/protocol/index.ts'

test('of thousands of made-up names that a record needs a bound is looked at with one change, the others later', () => {
  const looked: PackageName[] = []
  class CountingFold extends CatalogueFold {
    override publishersOf(name: PackageName) {
      looked.push(name)
      return super.publishersOf(name)
    }
  }
  const popularity = new Popularity()
  const index = {} as SearchIndex // nothing is published, so nothing is looked up
  const keeper = new IndexKeeper({ catalogue: new CountingFold(), index, popularity, hidden: new HiddenNames() })
  for (let i = 0; i < 3_000; i++) popularity.move(`pkg:npm/made-up-${i}` as PackageName)
  const changes = [1, 2, 3, 4].map(() => {
    expect(keeper.rerank()).toEqual([])
    return looked.splice(0).length
  })
  expect(changes).toEqual([1_024, 1_024, 952, 0])
})
