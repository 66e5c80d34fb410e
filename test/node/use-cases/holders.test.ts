import { expect, test, vi } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { holdersOf } from '../../../src/node/use-cases/holders.ts'
import { holdingsOf } from '../../../src/node/use-cases/holdings.ts'
import { info } from '../../../src/node/use-cases/info.ts'
import { replicationOf } from '../../../src/node/use-cases/replication.ts'
import type { Visibility } from '../../../src/protocol/index.ts'
import {
  idOf,
  nodeAmong,
  peerOf,
  releasing,
  releasingMany,
  sailName,
  sailOf,
  stating,
  statingRoots,
} from './holder-world.ts'

const acme = idOf(1)
const sail = await sailOf()
/** On the list, signed and connected; on it, signed and away; neither signed nor on it; signed alone. */
const [member, away, stranger, signed] = [1, 2, 3, 4].map(peerOf) as [ReturnType<typeof peerOf>, never, never, never]

/** Who is named as a holder, who was asked, and the copies that are counted; this node has the bytes, and follows who signs. */
async function told(visibility: Visibility) {
  const audience = visibility === 'listed' ? [member, away] : []
  const records = [...releasing(1, sail, visibility, audience), ...stating(10, acme, [away, signed])]
  const connected = [member, stranger, signed]
  await using it = await nodeAmong(records, { connected, holders: connected })
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const held = { artifacts: { has: async () => true }, holders: new HolderRecord(Date.now()) }
  const node = { ...it.node, ...held } as unknown as NodeContext
  const state = node.library.package(acme, sailName)!
  const holders = await holdersOf(node, acme, state)
  const replication = await replicationOf(node, await holdingsOf(node, acme, [sailName]), state, holders)
  return { holders: holders.all, asked: it.asked, copies: replication?.copies, answered: replication?.answered }
}

test('of a private release nobody is asked, named or counted but this node', async () => {
  expect(await told('private')).toEqual({ holders: ['self'], asked: [], copies: 1, answered: 0 })
})

test('of a listed release only those on its list are: who says that it has it, and who is signed to', async () => {
  expect(await told('listed')).toEqual({ holders: ['self', member, away], asked: [member], copies: 3, answered: 0 })
})

test('of a public release everyone is; what is counted is signed', async () => {
  const { holders, asked, copies, answered } = await told('public')
  expect(holders.toSorted()).toEqual(['self', member, away, stranger, signed].toSorted())
  expect([asked, copies]).toEqual([[member, stranger, signed], 3])
  // `signed` is counted already.
  expect(answered).toBe(2)
})

test('who answers that it has a release is no copy, and is not named at all once it was found without the bytes', async () => {
  const liars = [1, 2, 3].map(peerOf)
  await using it = await nodeAmong(releasing(1, sail), { connected: liars, holders: liars })
  const checks = new HolderRecord(Date.now())
  const node = { ...it.node, artifacts: { has: async () => true }, holders: checks } as unknown as NodeContext
  const state = node.library.package(acme, sailName)!
  const seen = async () => {
    const replication = await replicationOf(
      node,
      await holdingsOf(node, acme, [sailName]),
      state,
      await holdersOf(node, acme, state),
    )
    return [replication?.copies, replication?.proven, replication?.answered]
  }
  expect(await seen()).toEqual([1, 1, 3])
  checks.note(acme, liars[0]!, { outcome: 'absent', at: Date.now() })
  node.absent.add(acme, liars[1]!, Date.now())
  expect(await seen()).toEqual([1, 1, 1])
})

test('what is told of one package reads no other of its publisher, however many that releases', async () => {
  const records = [...releasingMany(1, sail, 200), ...statingRoots(10, [signed], [sail.cid])]
  await using it = await nodeAmong(records)
  await it.node.relations.change(acme, { do: 'mirror' })
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const node = {
    ...it.node,
    ...{ artifacts: { has: async () => true }, holders: new HolderRecord(Date.now()) },
    ...{ seen: { publishersOf: () => [] }, lookAlikes: { of: () => null }, advisories: { ofPackage: () => [] } },
  } as unknown as NodeContext
  const read = vi.spyOn(node.library, 'package')
  expect(await info(node, 'pkg:generic/sail7')).toMatchObject({ publishers: [{ replication: { copies: 2 } }] })
  expect(new Set(read.mock.calls.map(([, name]) => name))).toEqual(new Set(['pkg:generic/sail7']))
})
