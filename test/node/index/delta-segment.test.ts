import { expect, test } from 'vitest'
import { DeltaSegment } from '../../../src/node/index/delta-segment.ts'
import type { Document } from '../../../src/node/index/index.ts'

const documentOf = (key: string, description: string): Document => ({
  ...{ key, publisher: 'p', package: `pkg:npm/${key}`, name: key, type: 'npm', description, keywords: [], license: '' },
  ...{ version: '1.0.0', popularity: 0, releasedMs: 0, quality: null, isPublic: true },
})

test('a document that changes a thousand times stands once in the list of each of its words', () => {
  const delta = new DeltaSegment()
  delta.upsert(documentOf('other', 'a zinc word'))
  for (let i = 0; i < 1_000; i++) delta.upsert(documentOf('often', `zinc once${i}`))
  expect([delta.live, delta.dfOf('zinc'), delta.dfOf('once999'), delta.dfOf('once998')]).toEqual([2, 2, 1, 0])
  const seen: number[] = []
  delta.read('zinc', 9, (ids, _impacts, count) => seen.push(...ids.subarray(0, count)))
  expect(seen.map(id => delta.documentOf(id)?.key)).toEqual(['other', 'often'])
  delta.remove('often')
  expect([delta.live, delta.dfOf('zinc'), delta.dfOf('once999')]).toEqual([1, 1, 0])
})
