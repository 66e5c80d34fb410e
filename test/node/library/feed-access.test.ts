import { expect, test } from 'vitest'
import { FeedAccess } from '../../../src/node/library/feed-access.ts'
import { CatalogueFold, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { idOf, releasing, sailOf } from '../use-cases/holder-world.ts'

const artifact = await sailOf()

test('a publisher is listed once what makes its release public is here, also where that was lost and comes back', () => {
  const fold = new CatalogueFold()
  const access = new FeedAccess(fold)
  const take = (...records: readonly WellFormedRecord[]) => {
    fold.add(records)
    access.add(records)
  }
  let told = 0
  access.onFirstPublic(idOf(10), () => told++)
  const [genesis, delegate, release] = releasing(10, artifact) as [WellFormedRecord, WellFormedRecord, WellFormedRecord]
  take(genesis, release)
  expect([access.hasPublicPackage(idOf(10)), told]).toEqual([false, 0])
  take(delegate)
  expect([access.hasPublicPackage(idOf(10)), access.publicPublishers(), told]).toEqual([true, [idOf(10)], 1])
})
