import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createIdentity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { ServeGate } from '../../../src/node/library/serve-gate.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import { NOTHING_DENIED, openArtifactStore, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { publicArtifact, publicBlock } from '../../../src/node/use-cases/public-bytes.ts'
import {
  buildWriterRecord,
  feedIdOf,
  type OriginOp,
  type PeerId,
  type ReleaseName,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { chunksOf } from '../storage/temporary-home.ts'

const PEER = 'peer' as PeerId

/** A node that pulled something, and the gates it would have with sharing on and off. */
async function world() {
  const stack = new AsyncDisposableStack()
  const folder = await temporaryFolder()
  const database = stack.use(await openLevelDatabase(join(folder, 'database')))
  const index = stack.use(await openSearchIndex(database.table('index')))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  const adoptOwnHeads = async () => undefined
  const writer = new Writer({ net: NET, identity: createIdentity(1), library, adoptOwnHeads, announce: () => {} })
  library.access.ownedBy(writer.publisher)
  await writer.begin()
  const store = await openArtifactStore({ database, folder })
  const { cid, size, sha256 } = await store.addPulled(chunksOf(Buffer.from('a tarball')))
  const relations = await RelationBook.open(join(folder, 'relations.json'))
  const artifact = { name: 'hull-1.0.0.tgz', cid, size, sha256 }
  const purl = 'pkg:npm/hull@1.0.0' as ReleaseName
  const op: OriginOp = { op: 'origin', purl, upstream: 'npmjs', digest: 'sha512-AAAA', time: null, artifact }
  const isServed = (isSharing: boolean) =>
    new ServeGate(library.access, store, relations, isSharing).mayServeBlock(cid, PEER)
  const gate = new ServeGate(library.access, store, relations, true)
  const doors = { artifacts: store, gate, library, purges: NOTHING_DENIED as never }
  return { library, writer, store, op, sha256, cid, isServed, doors, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('pulled bytes are open to peers when an own public record states them, as long as sharing is on', async () => {
  await using it = await world()
  expect([await it.isServed(true), await it.isServed(false)]).toEqual([false, false])
  await it.writer.write('public', [it.op])
  expect([await it.isServed(true), await it.isServed(false)]).toEqual([true, false])
})

test('pulled bytes that peers get are no public bytes of this node, until it releases them itself', async () => {
  await using it = await world()
  await it.writer.write('public', [it.op])
  expect(await it.isServed(true)).toBe(true)
  await expect(publicArtifact(it.doors, it.sha256)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await expect(publicBlock(it.doors, it.cid)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  const { purl, artifact } = it.op
  await it.writer.write('public', [{ op: 'release', purl, artifacts: [artifact], summary: {} }])
  expect(await publicArtifact(it.doors, it.sha256)).toMatchObject({ id: it.sha256, size: 9 })
  expect(await publicBlock(it.doors, it.cid)).toMatchObject({ id: it.cid, size: 9 })
})

test('neither a private record nor a stranger’s opens pulled bytes', async () => {
  await using it = await world()
  await it.writer.write('private', [it.op])
  const { genesis, writer } = publisherOf(7)
  const place = { net: NET, publisher: genesis.publisher, feed: feedIdOf([1, writer.bytes]), seq: 1, prev: null, ts: 1 }
  const record = buildWriterRecord({ ...place, auth: genesis.id, typ: 'origin', ops: [it.op] }, writer.sign)
  const records = [genesis, delegateOf(publisherOf(7), { body: { visibility: 'public' } }), record]
  await it.library.store.append(records)
  await it.library.absorb(records)
  expect(it.library.access.isNamedOpenly(it.sha256, genesis.publisher)).toBe(true)
  expect(await it.isServed(true)).toBe(false)
})

test('what is stated is not this node’s own: it may leave the cache, and no backup takes it', async () => {
  await using it = await world()
  await it.writer.write('public', [it.op])
  await it.store.marks.markOwn(it.library.access.releasedHere())
  expect(await it.store.marks.isOwn(it.sha256)).toBe(false)
})
