import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { layoutOf } from '../../../src/federation/index.ts'
import { FeedAccess } from '../../../src/node/library/feed-access.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { ServeGate } from '../../../src/node/library/serve-gate.ts'
import { type ArtifactStore, openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import { CatalogueFold, type PeerId, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { idOf, peerOf, releasing } from '../use-cases/holder-world.ts'

const BYTES = Buffer.from('the plans')
const { cid, size, sha256 } = await layoutOf([BYTES])
const artifact = { name: 'plans.bin', cid, size, sha256 }
const [LISTED, STRANGER] = [peerOf(1), peerOf(2)]

let store: ArtifactStore
let access: FeedAccess
let fold: CatalogueFold
let gate: ServeGate
let relations: RelationBook
beforeEach(async () => {
  const folder = await temporaryFolder()
  store = await openArtifactStore({ database: await openLevelDatabase(join(folder, 'database')), folder })
  fold = new CatalogueFold()
  access = new FeedAccess(fold)
  relations = await RelationBook.open(join(folder, 'relations.json'))
  gate = new ServeGate(access, store, relations)
  await store.add(
    (async function* () {
      yield BYTES
    })(),
  )
})

function take(records: readonly WellFormedRecord[]): void {
  fold.add(records)
  access.add(records)
}
const servedTo = async (...peers: readonly PeerId[]) => {
  const may = await Promise.all(peers.map(peer => gate.mayServeBlock(cid, peer)))
  return peers.filter((_, i) => may[i])
}

test('bytes of a listed release go to its audience, as its feed does, and to nobody else', async () => {
  const records = releasing(10, artifact, 'listed', [LISTED])
  take(records)
  const { publisher, feed } = records.at(-1)!
  expect(await servedTo(LISTED, STRANGER, '' as PeerId)).toEqual([LISTED])
  expect([LISTED, STRANGER].map(peer => gate.mayServeFeed({ publisher, feed }, peer))).toEqual([true, false])
  await relations.change(idOf(10), { do: 'block' })
  expect(await servedTo(LISTED)).toEqual([])
  expect(gate.mayServeFeed({ publisher, feed }, LISTED)).toBe(false)
})

test('a stranger’s record opens nothing that came here for an audience: neither a public one nor one with a list of its own', async () => {
  take(releasing(10, artifact, 'listed', [LISTED]))
  await store.marks.markListed(sha256, idOf(10))
  take(releasing(11, artifact))
  take(releasing(12, artifact, 'listed', [STRANGER]))
  expect(await servedTo(LISTED, STRANGER)).toEqual([LISTED])
  await store.marks.markListed(sha256, idOf(12))
  expect(await servedTo(LISTED, STRANGER)).toEqual([LISTED])
})

test('what came here because a public feed names it is for everyone, whoever lists it', async () => {
  take(releasing(10, artifact, 'listed', [LISTED]))
  take(releasing(11, artifact))
  expect(await servedTo(LISTED, STRANGER)).toEqual([LISTED, STRANGER])
  await store.marks.markListed(sha256, idOf(10))
  await store.marks.unmarkListed(sha256)
  expect(await servedTo(LISTED, STRANGER)).toEqual([LISTED, STRANGER])
})
