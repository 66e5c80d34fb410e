import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { layoutOf, type OwnHeads } from '../../../src/federation/index.ts'
import { createIdentity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { IncomingBytes } from '../../../src/node/library/incoming-bytes.ts'
import { Library } from '../../../src/node/library/library.ts'
import type { FeedVisibility } from '../../../src/node/library/own-feeds.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { ServeGate } from '../../../src/node/library/serve-gate.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import {
  type ArtifactStore,
  examine,
  openArtifactStore,
  openLevelDatabase,
  RecordStore,
} from '../../../src/node/storage/index.ts'
import type { Op, PeerId, PublisherId, ReleaseName } from '../../../src/protocol/index.ts'
import { NET } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { idOf, releasing } from '../use-cases/holder-world.ts'

const PEER = 'peer' as PeerId
const BYTES = Buffer.from('the plans')
const identity = createIdentity(1_700_000_000_000)
const { cid, size, sha256 } = await layoutOf([BYTES])
const artifact = { name: 'plans.bin', cid, size, sha256 }
const release: readonly Op[] = [
  { op: 'release', purl: 'pkg:generic/plans@1' as ReleaseName, artifacts: [artifact], summary: {} },
]

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

/** One run of the node of `identity`, with what a stranger published. */
async function run() {
  const database = await openLevelDatabase(join(folder, 'database'))
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  const adoptOwnHeads = async (): Promise<OwnHeads> => ({ answered: 0, named: 0, adopted: [] })
  const writer = new Writer({ net: NET, identity, library, adoptOwnHeads, announce: () => {} })
  library.access.ownedBy(writer.publisher)
  await writer.begin()
  const store = await openArtifactStore({ database, folder })
  const incoming = new IncomingBytes(library.access, store)
  const gate = new ServeGate(library.access, store, await RelationBook.open(join(folder, 'relations.json')))
  const publish = (visibility: FeedVisibility) =>
    incoming.release({ sha256, store: () => storeBytes(store) }, () => writer.write(visibility, release))
  const strangerPublishes = async () =>
    await library.absorb((await library.records.append(releasing(10, artifact))).stored)
  return {
    ...{ database, library, writer, store, incoming, publish, strangerPublishes },
    isServed: () => gate.mayServeBlock(cid, PEER),
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

const isNamedByStrangerAlone = ({ access }: Library) =>
  access.isNamedOpenly(sha256, idOf(10)) && !access.isReleasedHere(sha256)

const storeBytes = (store: ArtifactStore) =>
  store.add(
    (async function* () {
      yield BYTES
    })(),
  )

/** Flips a bit in the only record of an own feed; the answer is the publisher. */
async function damage(visibility: FeedVisibility): Promise<PublisherId> {
  await using node = await run()
  const { publisher, feeds } = node.writer
  const keys = await node.database.table('records').keys().all()
  const key = keys.find(each => each.startsWith(`${publisher}/${feeds[visibility]}/`))!
  const value = Uint8Array.from((await node.database.table('records').get(key))!)
  value[value.length - 5]! ^= 1
  await node.database.commit([{ type: 'put', table: 'records', key, value }])
  return publisher
}

async function repair(own: PublisherId): Promise<void> {
  await using database = await openLevelDatabase(join(folder, 'database'))
  const artifacts = await openArtifactStore({ database, folder })
  for await (const _ of examine({ database, artifacts, net: NET, own }, { repair: 'everything' }));
}

describe('the bytes of a private release that a stranger’s public record names', () => {
  test('stay closed when the own record is damaged, and after a repair', async () => {
    {
      await using node = await run()
      await node.publish('private')
      await node.strangerPublishes()
      expect(await node.isServed()).toBe(false)
    }
    const own = await damage('private')
    for (const step of [async () => {}, () => repair(own)]) {
      await step()
      await using node = await run()
      expect(isNamedByStrangerAlone(node.library)).toBe(true)
      expect(await node.store.has(sha256)).toBe(true)
      expect(await node.isServed()).toBe(false)
    }
  })

  test('stay closed when their own entry is damaged too and the doctor adopts the file again', async () => {
    {
      await using node = await run()
      await node.publish('private')
      await node.strangerPublishes()
      await node.database.commit([{ type: 'put', table: 'artifacts', key: sha256, value: Buffer.from('{') }])
    }
    await repair(await damage('private'))
    await using node = await run()
    expect(isNamedByStrangerAlone(node.library)).toBe(true)
    expect(await node.store.has(sha256)).toBe(true)
    expect(await node.isServed()).toBe(false)
  })

  test('stay closed when the node died between the bytes and the record, and open with an own public one alone', async () => {
    {
      await using node = await run()
      const { promise: stored, resolve } = Promise.withResolvers<void>()
      // Never signed: what a process that is killed leaves.
      void node.incoming.release(
        { sha256, store: () => storeBytes(node.store).then(() => resolve()) },
        () => Promise.withResolvers<never>().promise,
      )
      await stored
      await node.strangerPublishes()
    }
    await using node = await run()
    expect(isNamedByStrangerAlone(node.library)).toBe(true)
    expect(await node.store.has(sha256)).toBe(true)
    expect(await node.isServed()).toBe(false)
    await node.publish('private')
    expect(await node.isServed()).toBe(false)
    await node.publish('public')
    expect(await node.isServed()).toBe(true)
  })

  test('are opened by that record once this publisher took back its claim: a release that failed leaves no mark', async () => {
    await using node = await run()
    await node.strangerPublishes()
    await storeBytes(node.store)
    expect(await node.isServed()).toBe(true)
    const failing = node.incoming.release({ sha256, store: () => storeBytes(node.store) }, async () => {
      expect(await node.isServed()).toBe(false)
      throw new Error('no signature')
    })
    await expect(failing).rejects.toThrow('no signature')
    expect(await node.isServed()).toBe(true)
    expect(await node.store.marks.isOwn(sha256)).toBe(false)
  })

  test('of a home without marks are marked by its sound records, before one of them is damaged', async () => {
    {
      await using node = await run()
      await storeBytes(node.store)
      await node.writer.write('private', release)
      await node.strangerPublishes()
      expect(node.library.access.releasedHere()).toEqual([sha256])
      await node.store.marks.markOwn(node.library.access.releasedHere())
    }
    await damage('private')
    await using node = await run()
    expect(isNamedByStrangerAlone(node.library)).toBe(true)
    expect(await node.isServed()).toBe(false)
  })
})
