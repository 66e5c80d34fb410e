import { expect, test } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { holdersOf } from '../../../src/node/use-cases/holders.ts'
import { holdingsOf, replicationOf } from '../../../src/node/use-cases/replication.ts'
import type { Visibility } from '../../../src/protocol/index.ts'
import { idOf, nodeAmong, peerOf, releasing, sailOf, stating } from './holder-world.ts'

const acme = idOf(1)
const sail = await sailOf()
/** On the list, signed and connected; on it, signed and away; neither signed nor on it; signed alone. */
const [member, away, stranger, signed] = [1, 2, 3, 4].map(peerOf) as [ReturnType<typeof peerOf>, never, never, never]

/** Who is named as a holder, who was asked, and the copies that are counted; this node has the bytes. */
async function told(visibility: Visibility) {
  const audience = visibility === 'listed' ? [member, away] : []
  const records = [...releasing(1, sail, visibility, audience), ...stating(10, acme, [away, signed])]
  const connected = [member, stranger, signed]
  await using it = await nodeAmong(records, { connected, holders: connected })
  const held = { artifacts: { has: async () => true }, holders: new HolderRecord(Date.now()) }
  const node = { ...it.node, ...held } as unknown as NodeContext
  const state = node.library.package(acme, 'pkg:generic/sail' as never)!
  const holders = await holdersOf(node, acme, state)
  return {
    holders,
    asked: it.asked,
    copies: (await replicationOf(node, holdingsOf(node, acme), state, holders))?.copies,
  }
}

test('of a private release nobody is asked, named or counted but this node', async () => {
  expect(await told('private')).toEqual({ holders: ['self'], asked: [], copies: 1 })
})

test('of a listed release only those on its list are: who says that it has it, and who is signed to', async () => {
  expect(await told('listed')).toEqual({ holders: ['self', member, away], asked: [member], copies: 3 })
})

test('of a public release everyone is; what is counted is signed', async () => {
  const { holders, asked, copies } = await told('public')
  expect(holders.toSorted()).toEqual(['self', member, away, stranger, signed].toSorted())
  expect([asked, copies]).toEqual([[member, stranger, signed], 3])
})
