import { expect, test } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { holdersOf } from '../../../src/node/use-cases/holders.ts'
import { holdingsOf } from '../../../src/node/use-cases/holdings.ts'
import { replicationOf } from '../../../src/node/use-cases/replication.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { type HolderWorld, idOf, nodeAmong, peerOf, releasing, sailName, sailOf, stating } from './holder-world.ts'

const acme = idOf(1)
const HOUR_MS = 60 * 60_000
const sail = await sailOf()

/** What a node that started two hours ago, follows publisher 10 and has the bytes counts; `signed` says who signed a node record just now. */
async function worldOf(records: Parameters<typeof nodeAmong>[0], world: HolderWorld, signed: readonly PeerId[] = []) {
  const it = await nodeAmong([...releasing(1, sail), ...records], world)
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const holders = new HolderRecord(Date.now() - 2 * HOUR_MS)
  const nodeRecords = () => new Map(signed.map(peer => [peer, { peer, at: Date.now(), mirrors: [] }]))
  const node = {
    ...it.node,
    ...{ holders, nodeRecords, artifacts: { has: async () => true } },
  } as unknown as NodeContext
  const state = node.library.package(acme, sailName)!
  const counted = async () => {
    const found = await holdersOf(node, acme, state)
    const replication = await replicationOf(node, await holdingsOf(node, acme, [sailName]), state, found)
    return [replication?.copies, replication?.proven, replication?.claimed, replication?.answered]
  }
  return { holders, node, counted, [Symbol.asyncDispose]: it[Symbol.asyncDispose] }
}

test('what strangers sign of others is claimed until a check of it is passed, and nothing once one failed', async () => {
  const [first, second, third] = [1, 2, 3].map(peerOf) as [PeerId, PeerId, PeerId]
  await using it = await worldOf(stating(40, acme, [first, second, third]), { connected: [first, second, third] })
  expect(await it.counted()).toEqual([1, 1, 3, 0])
  it.holders.note(acme, first, { outcome: 'held', at: Date.now() })
  it.holders.note(acme, second, { outcome: 'absent', at: Date.now() })
  expect(await it.counted()).toEqual([2, 2, 1, 0])
  it.node.absent.add(acme, third, Date.now())
  expect(await it.counted()).toEqual([2, 2, 0, 0])
})

test('a chosen mirror of which a day nothing was heard is claimed, and counts while it signs that it is there', async () => {
  const [there, away] = [1, 2].map(peerOf) as [PeerId, PeerId]
  await using it = await worldOf(stating(10, acme, [there, away]), {}, [there])
  expect(await it.counted()).toEqual([2, 1, 1, 0])
  const { mirrors } = await holdingsOf(it.node, acme, [sailName])
  expect(mirrors.map(({ peer, counted }) => [peer, counted])).toEqual([
    [there, true],
    [away, false],
  ])
})

test('who is claimed to have it and just answered so is named once', async () => {
  const [says, silent] = [1, 2].map(peerOf) as [PeerId, PeerId]
  const connected = [says, silent]
  await using it = await worldOf(stating(40, acme, connected), { connected, holders: [says] })
  expect(await it.counted()).toEqual([1, 1, 1, 1])
})

test('mirrors that count are shown before claims, however many are claimed by whoever is told of first', async () => {
  const liars = [40, 43, 46, 49].flatMap(seed =>
    stating(
      seed,
      acme,
      [0, 1, 2, 3].map(n => peerOf(seed * 4 + n)),
    ),
  )
  const proven = peerOf(7)
  await using it = await worldOf([...liars, ...stating(52, acme, [proven])], {})
  it.holders.note(acme, proven, { outcome: 'held', at: Date.now() })
  const { mirrors } = await holdingsOf(it.node, acme, [sailName])
  expect(mirrors).toHaveLength(16)
  expect(mirrors[0]).toMatchObject({ peer: proven, counted: true })
  expect(await it.counted()).toEqual([2, 2, 15, 0])
})
