import { describe, expect, it } from 'vitest'
import type { OwnHeads } from '../../../src/federation/index.ts'
import { createIdentity, type Identity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import {
  examine,
  type LevelDatabase,
  openArtifactStore,
  openLevelDatabase,
  RecordStore,
} from '../../../src/node/storage/index.ts'
import {
  headOf,
  type Op,
  type PackageName,
  parseUnverifiedRecord,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const identity = createIdentity(1_700_000_000_000)
const tag = (version: string): readonly Op[] => [
  { op: 'tag', purl: 'pkg:npm/x' as PackageName, tag: 'latest', version },
]

/** The home of one identity: opened again for each run of its node. */
async function home(of: Identity = identity) {
  const folder = await temporaryFolder()
  const open = async () => {
    const database = await openLevelDatabase(`${folder}/database`)
    const index = await openSearchIndex(database.table('index'))
    const library = await Library.open({ net: 'main', database, records: new RecordStore(database), index })
    const announced: WellFormedRecord[] = []
    const announce = (record: WellFormedRecord) => announced.push(record)
    const adoptOwnHeads = async (): Promise<OwnHeads> => ({ answered: 0, named: 0, adopted: [] })
    const writer = new Writer({ net: 'main', identity: of, library, adoptOwnHeads, announce })
    library.access.ownedBy(writer.publisher)
    await writer.begin()
    const dispose = async () => {
      await index[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    }
    const roots = async () => {
      const found = await library.records.range(writer.publisher, ROOT_FEED, { from: 1, limit: 99, maxBytes: 1e6 })
      return found.map(bytes => parseUnverifiedRecord(bytes, { net: 'main' }).record.id)
    }
    return { writer, library, database, announced, roots, [Symbol.asyncDispose]: dispose }
  }
  const onDisk = async (work: (database: LevelDatabase) => Promise<void>) => {
    await using database = await openLevelDatabase(`${folder}/database`)
    await work(database)
  }
  const damage = (key: (keys: readonly string[]) => string) =>
    onDisk(async database => {
      const at = key(await database.table('records').keys().all())
      const value = Uint8Array.from((await database.table('records').get(at))!)
      value[value.length - 5]! ^= 1
      await database.commit([{ type: 'put', table: 'records', key: at, value }])
    })
  const repair = (own: string) =>
    onDisk(async database => {
      const artifacts = await openArtifactStore({ database, folder })
      const patient = { database, artifacts, net: 'main', own: own as never }
      for await (const _ of examine(patient, { repair: 'everything' }));
    })
  return { open, damage, repair }
}

describe('a damaged own record', () => {
  for (const [what, feed] of [
    ['the root feed', ROOT_FEED],
    ['a writer feed', null],
  ] as const)
    it(`keeps the writer from writing anything, delegates included: ${what}`, async () => {
      const { open, damage } = await home()
      await using first = await open()
      const { publisher, feeds } = first.writer
      for (const version of ['1.0.0', '2.0.0', '3.0.0']) await first.writer.write('public', tag(version))
      const roots = await first.roots()
      await first[Symbol.asyncDispose]()
      await damage(keys => keys.filter(key => key.startsWith(`${publisher}/${feed ?? feeds.public}/`))[1]!)
      await using again = await open()
      const refused = { code: 'E_RECORD_CORRUPT', hint: expect.stringContaining('doctor --repair') }
      await expect(again.writer.prepare()).rejects.toMatchObject(refused)
      for (const visibility of ['public', 'private'] as const)
        await expect(again.writer.write(visibility, tag('4.0.0'))).rejects.toMatchObject(refused)
      expect(again.announced).toEqual([])
      expect(again.library.problems.get(publisher)).toContain('E_RECORD_CORRUPT')
      const heads = await again.library.store.heads(publisher)
      expect(heads.map(({ seq }) => seq)).toEqual([roots.length, 3])
    })

  it('is written again from the identity where its bytes follow from it, so that a repaired root feed goes on as it was', async () => {
    for (const seq of [0, 1, 2]) {
      const { open, damage, repair } = await home()
      await using first = await open()
      const { publisher } = first.writer
      const written = await first.writer.write('public', tag('1.0.0'))
      const roots = await first.roots()
      await first[Symbol.asyncDispose]()
      await damage(keys => keys.filter(key => key.startsWith(`${publisher}/${ROOT_FEED}/`))[seq]!)
      await repair(publisher)
      await using again = await open()
      await again.writer.prepare()
      expect(await again.roots()).toEqual(roots)
      expect(again.announced).toEqual([])
      expect(again.library.problems.size).toBe(0)
      expect(await again.writer.write('public', tag('2.0.0'))).toMatchObject({ seq: 2, prev: written.id })
    }
  })

  it('appends the delegates that a root feed cut after its genesis lacks', async () => {
    const { open } = await home()
    await using first = await open()
    const [genesis] = await first.roots()
    const envelope = (await first.library.store.envelope(genesis!))!
    const { open: openCut } = await home()
    await using cut = await openCut()
    const roots = await cut.roots()
    const { open: openBare } = await home({ ...identity, restored: 'offline' })
    await using bare = await openBare()
    expect(await bare.roots()).toEqual([parseUnverifiedRecord(envelope, { net: 'main' }).record.id])
    const writer = new Writer({
      net: 'main',
      identity,
      library: bare.library,
      adoptOwnHeads: async () => undefined,
      announce: () => {},
    })
    await writer.begin()
    expect(await bare.roots()).toEqual(roots)
  })

  it('that is lost stops the writer until a peer brings it, reuses no place and shows what came after it again', async () => {
    const { open, damage, repair } = await home()
    await using first = await open()
    const { publisher, feeds } = first.writer
    const written = []
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) written.push(await first.writer.write('public', tag(version)))
    const digest = first.library.catalogue.digest()
    await first[Symbol.asyncDispose]()
    await damage(keys => keys.filter(key => key.startsWith(`${publisher}/${feeds.public}/`))[1]!)
    await repair(publisher)
    await using again = await open()
    const { library, writer } = again
    expect(library.lostHeads(publisher)).toEqual([headOf(written[1]!)])
    expect(library.isWhole({ publisher, feed: feeds.public })).toBe(false)
    expect(library.isWhole({ publisher, feed: feeds.private })).toBe(true)
    await expect(writer.write('public', tag('4.0.0'))).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
    const { stored } = await library.store.append([written[1]!])
    await writer.cameFromPeer(headOf(written[1]!))
    await library.absorb(stored)
    expect([library.problems.size, library.lostHeads(publisher), library.catalogue.digest()]).toEqual([0, [], digest])
    expect(await writer.write('public', tag('4.0.0'))).toMatchObject({ seq: 4, prev: written[2]!.id })
  })

  it('of a private feed is asked of nobody', async () => {
    const { open, damage, repair } = await home()
    await using first = await open()
    const { publisher, feeds } = first.writer
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) await first.writer.write('private', tag(version))
    await first[Symbol.asyncDispose]()
    await damage(keys => keys.filter(key => key.startsWith(`${publisher}/${feeds.private}/`))[1]!)
    await repair(publisher)
    await using again = await open()
    expect([again.library.isWhole({ publisher, feed: feeds.private }), again.library.lostHeads(publisher)]).toEqual([
      false,
      [],
    ])
    expect((await again.library.store.head(publisher, feeds.private))?.seq).toBe(3)
  })
})

describe('an own record that its id does not lead to', () => {
  it('stops the writer, from the start and at the first write that finds it', async () => {
    const { open, repair } = await home()
    await using first = await open()
    const { publisher, feeds } = first.writer
    await first.writer.write('public', tag('1.0.0'))
    const tip = await first.writer.write('public', tag('2.0.0'))
    await first.database.commit([{ type: 'del', table: 'places', key: tip.id }])
    const refused = { code: 'E_RECORD_CORRUPT', hint: expect.stringContaining('doctor --repair') }
    await expect(first.writer.write('public', tag('3.0.0'))).rejects.toMatchObject(refused)
    expect(first.library.problems.get(publisher)).toContain('nothing can be written behind record 2')
    await first[Symbol.asyncDispose]()
    await using again = await open()
    expect(again.library.problems.get(publisher)).toContain('cannot be found by its id')
    await expect(again.writer.write('public', tag('3.0.0'))).rejects.toMatchObject(refused)
    expect((await again.library.store.head(publisher, feeds.public))?.seq).toBe(2)
    await again[Symbol.asyncDispose]()
    await repair(publisher)
    await using repaired = await open()
    expect(await repaired.writer.write('public', tag('3.0.0'))).toMatchObject({ seq: 3, prev: tip.id })
  })
})

describe('a root feed that goes on otherwise than the identity says', () => {
  it('gets no delegate that nobody asked for, and nothing is written that nobody would count', async () => {
    const { writers } = createIdentity(1_700_000_000_000)
    const { open } = await home({ ...identity, writers })
    await using there = await open()
    const roots = await there.roots()
    const announced: WellFormedRecord[] = []
    const announce = (record: WellFormedRecord) => announced.push(record)
    const { library } = there
    const writer = new Writer({ net: 'main', identity, library, adoptOwnHeads: async () => undefined, announce })
    await writer.begin()
    await expect(writer.prepare()).rejects.toMatchObject({ code: 'E_IDENTITY' })
    await expect(writer.write('public', tag('1.0.0'))).rejects.toMatchObject({ code: 'E_IDENTITY' })
    expect([await there.roots(), announced]).toEqual([roots, []])
  })
})

describe('a library with a damaged record', () => {
  it('folds what comes after it, of its feed and of the feeds behind it', async () => {
    const { open, damage } = await home()
    await using first = await open()
    const { publisher, feeds } = first.writer
    const written = []
    for (const version of ['1.0.0', '2.0.0', '3.0.0'])
      for (const visibility of ['public', 'private'] as const)
        written.push(await first.writer.write(visibility, tag(version)))
    await first[Symbol.asyncDispose]()
    const [front] = Object.values(feeds).toSorted()
    await damage(keys => keys.filter(key => key.startsWith(`${publisher}/${front}/`))[1]!)
    await using again = await open()
    const { catalogue } = again.library
    const ends = new Map(catalogue.publisher(publisher)?.feeds.map(({ feed, end }) => [feed, end]))
    for (const feed of Object.values(feeds)) expect(ends.get(feed)).toBe(feed === front ? 2 : 4)
  })
})
