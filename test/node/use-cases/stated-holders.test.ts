import { expect, test, vi } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import { AbsentHolders } from '../../../src/node/use-cases/absent-holders.ts'
import { statedCopiesOf, statedHoldersOf } from '../../../src/node/use-cases/stated-holders.ts'
import { idOf, nodeAmong, peerOf, releasing, sailOf, stating } from './holder-world.ts'

const acme = idOf(1)
const some = (from: number, count: number) => Array.from({ length: count }, (_, i) => peerOf(from + i))

test('a blocked publisher says nothing about who holds what', async () => {
  await using it = await nodeAmong(stating(10, acme, some(0, 20)))
  expect(statedHoldersOf(it.node, acme)).toHaveLength(4)
  await it.node.relations.change(idOf(10), { do: 'block' })
  expect(statedHoldersOf(it.node, acme)).toEqual([])
})

test('the publisher itself comes first, then publishers with a relation; each names a few, all together a bound', async () => {
  const strangers = [40, 50, 60, 70, 80].flatMap(seed => stating(seed, acme, some(seed * 5, 20)))
  const records = [...strangers, ...stating(10, acme, some(0, 20)), ...stating(1, acme, [peerOf(600)])]
  await using it = await nodeAmong(records)
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const stated = statedHoldersOf(it.node, acme)
  expect(stated).toHaveLength(16)
  expect(stated[0]).toBe(peerOf(600))
  expect(stated.slice(1, 5).toSorted()).toEqual(some(0, 4).toSorted())
})

test('of the peers one publisher names the connected ones are believed first', async () => {
  await using it = await nodeAmong(stating(10, acme, some(0, 20)), { connected: [peerOf(17)] })
  expect(statedHoldersOf(it.node, acme)[0]).toBe(peerOf(17))
})

test('a peer that did not have the bytes is remembered for ten minutes, the last thousand of them', () => {
  const absent = new AbsentHolders()
  absent.add(acme, peerOf(1), 0)
  expect(absent.has(acme, peerOf(1), 599_999)).toBe(true)
  expect(absent.has(acme, peerOf(1), 600_000)).toBe(false)
  expect(absent.has(idOf(10), peerOf(1), 0)).toBe(false)
  for (let i = 0; i < 1_024; i++) absent.add(acme, `peer${i}` as never, 0)
  expect(absent.has(acme, peerOf(1), 0)).toBe(false)
  expect(absent.has(acme, 'peer0' as never, 0)).toBe(true)
})

test('publishers that say nothing of holders, or of their own bytes alone, as all do, cost nothing', async () => {
  const sail = await sailOf()
  const silent = Array.from({ length: 30 }, (_, i) => releasing(100 + 3 * i, sail)).flat()
  const ofTheirOwn = Array.from({ length: 15 }, (_, i) => stating(200 + 3 * i, idOf(200 + 3 * i), some(i, 1))).flat()
  await using it = await nodeAmong([...silent, ...ofTheirOwn, ...stating(10, acme, some(0, 1))])
  Object.assign(it.node, { holders: new HolderRecord(Date.now()) })
  const looked = vi.spyOn(it.node.relations, 'relationOf')
  expect(statedHoldersOf(it.node, acme)).toEqual([peerOf(0)])
  expect(statedCopiesOf(it.node, acme).map(({ peer }) => peer)).toEqual([peerOf(0)])
  expect(looked.mock.calls.length).toBeLessThan(10)
})
