import { expect, test } from 'vitest'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { UnknownPublishers } from '../../../src/node/unknown/unknown-publishers.ts'
import { shownRelationOf } from '../../../src/node/use-cases/shown-relation.ts'
import { idOf, nodeAmong } from './holder-world.ts'

const QUOTA = { recordsPerDay: 4, bytesPerDay: 1_000, bytesEach: 2_000, maxPublishers: 9, maxBytes: 10_000 }
const [own, followed, unknown, spent, full] = [1, 2, 3, 4, 5].map(idOf) as [
  ReturnType<typeof idOf>,
  never,
  never,
  never,
  never,
]

test('people are told how a publisher stands here, and of an unknown one what it spent and until when', async () => {
  await using it = await nodeAmong([], { own })
  await it.node.relations.change(followed, { do: 'follow' })
  const publishers = new UnknownPublishers(QUOTA)
  for (const id of [unknown, spent, full]) publishers.heard(id, 0)
  publishers.stored(spent, 4, 10, 1)
  publishers.stored(full, 1, 2_000, 1)
  const everything = {
    isUnknown: (id: typeof own) => publishers.of(id) !== undefined,
    spentOf: (id: typeof own) => publishers.spentOf(id, 2),
  }
  const node = { ...it.node, everything: () => ({ publishers: everything }) } as unknown as NodeContext
  expect([own, followed, unknown, spent, full].map(id => shownRelationOf(node, id))).toEqual([
    { relation: 'self' },
    { relation: 'follow' },
    { relation: 'unknown' },
    { relation: 'unknown', spent: { setting: 'follow.recordsPerDay', until: '1970-01-02T00:00:00.000Z' } },
    { relation: 'unknown', spent: { setting: 'follow.bytesEach', until: null } },
  ])
  expect(shownRelationOf(it.node, spent)).toEqual({ relation: 'none' })
})
