import { expect, test, vi } from 'vitest'
import { PublisherFold } from '../../../src/protocol/fold/publisher-fold.ts'
import { PublishersByName } from '../../../src/protocol/fold/publishers-by-name.ts'
import { CatalogueFold, type PackageName, type PublisherId } from '../../../src/protocol/index.ts'
import { PublisherFeed } from '../../node/library/publisher-feed.ts'

const X = 'pkg:npm/x' as PackageName

test('who has a package is asked of those alone that name it, and of nobody once they are gone', () => {
  const fold = new CatalogueFold()
  const publishers = Array.from({ length: 30 }, (_, i) => new PublisherFeed(3 * i + 1))
  const ids: PublisherId[] = []
  for (const [i, each] of publishers.entries()) {
    fold.add([...each.first, each.release(i < 2 ? 'pkg:npm/x@1.0.0' : `pkg:npm/y${i}@1.0.0`, {})])
    ids.push(each.first[0]!.publisher)
  }
  const asked = vi.spyOn(PublisherFold.prototype, 'has')
  expect(fold.publishersOf(X)).toEqual(ids.slice(0, 2).sort())
  expect(fold.publishersOf('pkg:npm/nobody' as PackageName)).toEqual([])
  expect(asked).toHaveBeenCalledTimes(2)
  asked.mockRestore()
  fold.remove(ids[0]!)
  expect(fold.publishersOf(X)).toEqual([ids[1]])
  fold.remove(ids[1]!)
  expect(fold.publishersOf(X)).toEqual([])
})

test('a name is kept as long as any publisher has it', () => {
  const [a, b] = ['a', 'b'] as PublisherId[] as [PublisherId, PublisherId]
  const names = new PublishersByName()
  names.delete(X, a)
  for (const each of [a, a, b]) names.add(X, each)
  expect(names.of(X)).toEqual([a, b])
  names.delete(X, a)
  expect(names.of(X)).toEqual([b])
  names.delete(X, b)
  expect(names.of(X)).toEqual([])
})
