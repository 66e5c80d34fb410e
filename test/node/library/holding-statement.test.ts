import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { expect, test } from 'vitest'
import { createIdentity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { HoldingStatement } from '../../../src/node/library/holding-statement.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { changeRelation } from '../../../src/node/use-cases/relations.ts'
import {
  type BlockId,
  MAX_HOLDS_ITEMS,
  NO_RELATION,
  type Op,
  type PeerId,
  type PublisherId,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { peerOf } from '../use-cases/holder-world.ts'

const self = peerOf(1)
const acme = new Publisher('acme').id

function publisherAt(n: number): PublisherId {
  return CID.createV1(0x71, create(0x12, createHash('sha256').update(String(n)).digest())).toString() as PublisherId
}

/** No publisher of whom a number of copies is wanted. */
const nothingCounted = { due: async () => ({ held: [], gone: [] }) }

/** A node with what mirroring needs; while `world.fails` nothing of its own can be written. */
async function mirroringNode(mode: 'on' | 'off' = 'on') {
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(join(folder, 'database'))
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: 'main', database, records: new RecordStore(database), index })
  const written: WellFormedRecord[] = []
  const failures: string[] = []
  const world = { fails: false, peers: [] as PeerId[], hasPublic: false, isLogFull: false }
  const adoptOwnHeads = async () => {
    if (world.fails) throw new Error('nobody answered')
    return undefined
  }
  const announce = (record: WellFormedRecord) => written.push(record)
  const writer = new Writer({ net: 'main', identity: createIdentity(1), library, adoptOwnHeads, announce })
  await writer.begin()
  const relations = await RelationBook.open(join(folder, 'relations.json'))
  const asked: (readonly Op[])[] = []
  const write: Writer['write'] = (visibility, ops) => {
    asked.push(ops)
    return writer.write(visibility, ops)
  }
  const statementWhile = (isNetworkOn: boolean) =>
    new HoldingStatement({
      ...{
        library,
        relations,
        writer: { publisher: writer.publisher, write },
        peer: self,
        isNetworkOn,
        copies: nothingCounted,
      },
      isLookedFor: () => world.hasPublic,
      connectedPeers: () => world.peers,
      onFailed: why => failures.push(why),
    })
  const holding = statementWhile(mode === 'on')
  const config = { network: { mode } }
  const audit = {
    append: async () => {
      if (world.isLogFull) throw new Error('no room for the audit log')
    },
  }
  const applyRelations = () => holding.look()
  const node = { relations, writer, holding, config, audit, applyRelations } as unknown as NodeContext
  const change = (action: 'mirror' | 'unmirror', publisher: string = acme) =>
    changeRelation(node, { publisher, action, patterns: [] }, 'test')
  const stated = () => {
    const holds = library.catalogue.publisher(writer.publisher)?.holds ?? []
    return holds.flatMap(({ peer, publishers }) => (peer === self ? [...publishers] : []))
  }
  const dispose = async () => {
    await index[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  }
  const parts = { world, relations, writer, holding, library, written, asked, failures }
  return { ...parts, statementWhile, change, stated, [Symbol.asyncDispose]: dispose }
}

test('a node signs what it mirrors, once, and takes it back when it mirrors it no more', async () => {
  await using node = await mirroringNode()
  expect(await node.change('mirror')).toMatchObject({ relation: 'mirror' })
  expect(await node.change('mirror')).not.toHaveProperty('warning')
  expect([node.stated(), node.written.length]).toEqual([[acme], 1])
  await node.change('unmirror')
  expect([node.stated(), node.written.length]).toEqual([[], 2])
})

test('a relation whose line in the audit log cannot be written is said to have failed, and carried out as it is on disk', async () => {
  await using node = await mirroringNode()
  node.world.isLogFull = true
  node.world.peers = [peerOf(2)]
  await expect(node.change('mirror')).rejects.toThrow('no room for the audit log')
  expect(await node.library.waitUntil(() => node.stated().length > 0, AbortSignal.timeout(10_000))).toBe(true)
  expect(node.stated()).toEqual([acme])
})

test('a statement that cannot be signed warns, and is signed when it can be: by the command again, or when a peer comes', async () => {
  for (const again of ['command', 'peer'] as const) {
    await using node = await mirroringNode()
    node.world.fails = true
    const warned = { relation: 'mirror', warning: expect.stringContaining('nobody answered') }
    expect(await node.change('mirror')).toMatchObject(warned)
    expect(await node.change('mirror')).toMatchObject(warned)
    expect([node.stated(), node.failures]).toEqual([[], ['nobody answered']])
    node.world.fails = false
    const signed = node.library.waitUntil(() => node.stated().length > 0, AbortSignal.timeout(10_000))
    node.world.peers = [peerOf(2)]
    if (again === 'command') expect(await node.change('mirror')).not.toHaveProperty('warning')
    else node.holding.look()
    expect(await signed).toBe(true)
    expect(node.stated()).toEqual([acme])
  }
})

test('what was mirrored while the network was off is signed by the first run that has one and a peer', async () => {
  await using node = await mirroringNode('off')
  node.world.peers = [peerOf(2)]
  expect(await node.change('mirror')).toMatchObject({ notice: expect.stringContaining('once its network is on') })
  const later = node.statementWhile(true)
  node.world.peers = []
  later.look()
  await new Promise(setImmediate)
  expect(node.asked).toEqual([])
  const signed = node.library.waitUntil(() => node.stated().length > 0, AbortSignal.timeout(10_000))
  node.world.peers = [peerOf(2)]
  later.look()
  expect([await signed, node.stated()]).toEqual([true, [acme]])
})

test('any number of publishers is stated, in ops of bounded length', async () => {
  await using node = await mirroringNode()
  const many = Array.from({ length: MAX_HOLDS_ITEMS + 2 }, (_, i) => publisherAt(i))
  const relations = {
    known: () => many,
    relationOf: () => ({ follow: true, allow: 'none', origin: false, mirror: true, block: false }) as const,
  }
  const surroundings = { peer: self, isNetworkOn: true, isLookedFor: () => false, connectedPeers: () => [] }
  const copies = nothingCounted
  const parts = { ...node, ...surroundings, copies, relations, onFailed: () => {} }
  expect(await new HoldingStatement(parts).sign()).toBeNull()
  expect(new Set(node.stated())).toEqual(new Set(many))
  expect(node.written).toHaveLength(2)
})

test('roots kept of a publisher of whom a number of copies is wanted are signed alone, many an op, and taken back', async () => {
  await using node = await mirroringNode()
  const roots = Array.from(
    { length: MAX_HOLDS_ITEMS + 2 },
    (_, i) => publisherAt(i).replace(/^bafyrei/, 'bafkrei') as BlockId,
  )
  const kept = new Set(roots)
  const relations = {
    known: () => [acme],
    relationOf: () => ({ ...NO_RELATION, follow: true, mirror: true, copies: 3 }),
  }
  const copies = {
    due: async (stated: ReadonlySet<BlockId>) => ({
      held: [...kept.difference(stated)],
      gone: [...stated.difference(kept)],
    }),
  }
  const surroundings = { peer: self, isNetworkOn: true, isLookedFor: () => false, connectedPeers: () => [] }
  const holding = new HoldingStatement({ ...node, ...surroundings, relations, copies, onFailed: () => {} })
  const stated = () => node.library.catalogue.publisher(node.writer.publisher)?.holds[0]?.cids ?? new Set()
  expect(await holding.sign()).toBeNull()
  expect([stated().size, node.stated(), node.written.length]).toEqual([roots.length, [], 2])
  kept.delete(roots[0]!)
  await holding.sign()
  expect([stated().has(roots[0]!), stated().size, node.written.length]).toEqual([false, roots.length - 1, 3])
})

test('a statement that does not come to count is not written for ever', async () => {
  await using node = await mirroringNode()
  await node.relations.change(acme, { do: 'mirror' })
  const deaf = { catalogue: { publisher: () => null } }
  const surroundings = { peer: self, isNetworkOn: true, isLookedFor: () => false, connectedPeers: () => [] }
  const copies = nothingCounted
  const parts = { ...node, ...surroundings, copies, library: deaf, onFailed: () => {} }
  const holding = new HoldingStatement(parts)
  for (let i = 0; i < 3; i++) expect(await holding.sign()).toBeNull()
  expect(node.written).toHaveLength(1)
})

test('a node that released something public signs that it holds its own', async () => {
  await using node = await mirroringNode()
  expect([await node.holding.sign(), node.written.length]).toEqual([null, 0])
  node.world.hasPublic = true
  expect(await node.holding.sign()).toBeNull()
  expect(node.stated()).toEqual([node.writer.publisher])
})
