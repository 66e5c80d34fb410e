import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { layoutOf } from '../../../src/federation/index.ts'
import { ArtifactFetcher } from '../../../src/node/library/artifact-fetcher.ts'
import { FeedAccess } from '../../../src/node/library/feed-access.ts'
import { IncomingBytes } from '../../../src/node/library/incoming-bytes.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { ServeGate } from '../../../src/node/library/serve-gate.ts'
import { type ArtifactStore, openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import {
  type Artifact,
  buildWriterRecord,
  CatalogueFold,
  feedIdOf,
  type PeerId,
  type ReleaseName,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf, type TestPublisher } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const PEER = 'peer' as PeerId
const BYTES = Buffer.from('the plans')
const [own, stranger] = [publisherOf(1), publisherOf(10)]

let stack: AsyncDisposableStack
let store: ArtifactStore
let access: FeedAccess
let gate: ServeGate
let incoming: IncomingBytes
let artifact: Artifact
let learn: (by: TestPublisher, visibility: 'public' | 'private') => void

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const folder = await temporaryFolder()
  const database = stack.use(await openLevelDatabase(join(folder, 'database')))
  store = await openArtifactStore({ database, folder })
  const { cid, size, sha256 } = await layoutOf([BYTES])
  artifact = { name: 'plans.bin', cid, size, sha256 }
  const fold = new CatalogueFold()
  access = new FeedAccess(fold)
  access.ownedBy(own.genesis.publisher)
  gate = new ServeGate(access, store, await RelationBook.open(join(folder, 'relations.json')))
  incoming = new IncomingBytes(access, store)
  learn = (by, visibility) => {
    const records = [by.genesis, delegateOf(by, { body: { visibility } }), releaseBy(by)]
    fold.add(records)
    access.add(records)
  }
})
afterEach(() => stack.disposeAsync())

function releaseBy({ genesis, writer }: TestPublisher) {
  const op = { op: 'release' as const, purl: 'pkg:generic/plans@1' as ReleaseName, artifacts: [artifact], summary: {} }
  const place = { net: NET, publisher: genesis.publisher, feed: feedIdOf([1, writer.bytes]), seq: 1, prev: null, ts: 3 }
  return buildWriterRecord({ ...place, auth: genesis.id, typ: 'release', ops: [op] }, writer.sign)
}

const isServed = () => gate.mayServeBlock(artifact.cid, PEER)
async function* bytes() {
  yield BYTES
}

const coming = () => ({
  sha256: artifact.sha256,
  store: () => store.add(bytes()),
})
const fails = () => Promise.reject(new Error('no signature'))

test('a private release’s bytes are served to nobody while it is signed, and are gone when that fails', async () => {
  learn(stranger, 'public')
  const released = incoming.release(coming(), async () => {
    expect(await store.has(artifact.cid)).toBe(true)
    expect(await isServed()).toBe(false)
    return await fails()
  })
  await expect(released).rejects.toThrow('no signature')
  expect(await store.has(artifact.cid)).toBe(false)
  expect(await isServed()).toBe(false)
})

test('a private release keeps its bytes closed once its record is there, a public one opens them at once', async () => {
  learn(stranger, 'public')
  await incoming.release(coming(), async () => learn(own, 'private'))
  expect(await store.has(artifact.cid)).toBe(true)
  expect(await isServed()).toBe(false)
})

test('a public release is served as soon as its record is folded', async () => {
  await incoming.release(coming(), async () => {
    learn(own, 'public')
    expect(await isServed()).toBe(true)
  })
  expect(await isServed()).toBe(true)
})

test('bytes of an upstream are served to nobody, whoever names them and whatever is installed here', async () => {
  await store.addPulled(bytes())
  learn(stranger, 'public')
  expect(await isServed()).toBe(false)
  await incoming.release(coming(), fails).catch(() => {})
  expect(await isServed()).toBe(false)
  const parts = {
    streams: {} as never,
    protocol: 'content',
    store,
    onFetched: () => {},
    providersOf: async function* () {},
  }
  const fetched = await new ArtifactFetcher(parts).fetch(
    artifact,
    stranger.genesis.publisher,
    new AbortController().signal,
  )
  expect(fetched).toEqual({ from: 'local' })
  expect(await isServed()).toBe(false)
})

test('own records decide about bytes of an upstream as about others', async () => {
  await store.addPulled(bytes())
  await incoming.release(coming(), async () => learn(own, 'public'))
  expect(await isServed()).toBe(true)
})

test('a failed release takes nothing away that was here before, or that another release needs', async () => {
  learn(stranger, 'public')
  await coming().store()
  await incoming.release(coming(), fails).catch(() => {})
  expect(await store.has(artifact.cid)).toBe(true)
  expect(await isServed()).toBe(true)
  await store.remove(artifact.sha256)

  const { promise, reject } = Promise.withResolvers<never>()
  const failing = incoming.release(coming(), () => promise)
  await incoming.release(coming(), async () => {
    reject(new Error('no signature'))
    await failing.catch(() => {})
    expect(await isServed()).toBe(false)
    learn(own, 'private')
  })
  expect(await store.has(artifact.cid)).toBe(true)
  expect(await isServed()).toBe(false)
})
